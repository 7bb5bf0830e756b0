import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { findCorpusFiles } from './files.ts'

const root = mkdtempSync(join(tmpdir(), 'millrace-'))

function write(name: string, content: string | Uint8Array): string {
  const path = join(root, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  return path
}

test('files in the order given, with absolute paths and their lengths', () => {
  const [b, a] = [write('given/b', 'text'), write('given/a', '물')]
  const files = findCorpusFiles([relative('.', b), a])
  expect(files).toMatchObject([
    { path: b, bytes: 4 },
    { path: a, bytes: 3 },
  ])
  expect(files[0]!.mtimeMs).toBeGreaterThan(0)
})

test("a folder means its *.txt, ordered by their names' bytes; what lies in folders of it is not read", () => {
  for (const name of [
    'b.txt',
    'B.txt',
    'ａ.txt',
    '\u{1f30a}.txt',
    'a10.txt',
    'a9.txt',
    'a.md',
    '.txt',
    'in/c.txt',
  ])
    write(`order/${name}`, 'text')
  mkdirSync(join(root, 'order/folder.txt'))
  const names = findCorpusFiles([join(root, 'order')]).map(({ path }) => relative(join(root, 'order'), path))
  expect(names).toEqual(['.txt', 'B.txt', 'a10.txt', 'a9.txt', 'b.txt', 'ａ.txt', '\u{1f30a}.txt'])
})

test('a link is followed', () => {
  const path = join(root, 'link')
  symlinkSync(write('linked', 'text'), path)
  expect(findCorpusFiles([path])).toMatchObject([{ path, bytes: 4 }])
})

test('an empty file among others is no fault; nothing but empty ones is', () => {
  const [full, empty] = [write('full', 'text'), write('empty', '')]
  expect(findCorpusFiles([empty, full, empty])).toHaveLength(3)
  expect(() => findCorpusFiles([empty])).toThrow(`${empty} holds no text\n  why: the file is empty`)
  expect(() => findCorpusFiles([empty, empty])).toThrow('every file is empty')
})

test('a path that is missing, and a folder without text, are told', () => {
  const missing = join(root, 'missing')
  expect(() => findCorpusFiles([missing])).toThrow(`there is no ${missing}\n  try: check the path`)
  write('no-text/a.md', 'text')
  expect(() => findCorpusFiles([join(root, 'no-text')])).toThrow(
    'its *.txt files are read, and there are none',
  )
  symlinkSync(missing, join(root, 'dangling'))
  expect(() => findCorpusFiles([join(root, 'dangling')])).toThrow('there is no')
  // A file in place of a folder.
  expect(() => findCorpusFiles([join(write('file', 'text'), 'a.txt')])).toThrow('cannot read')
})

test('a pipe or a device is told, and not waited for', () => {
  const pipe = join(root, 'pipe')
  execFileSync('mkfifo', [pipe])
  expect(() => findCorpusFiles([pipe])).toThrow(`${pipe} is not a regular file`)
  expect(() => findCorpusFiles(['/dev/null'])).toThrow('/dev/null is not a regular file')
})

test.skipIf(process.getuid?.() === 0)(
  'a file that one may not read is told (skipped for root, who may)',
  () => {
    const path = write('secret', 'text')
    chmodSync(path, 0)
    expect(() => findCorpusFiles([path])).toThrow('permission denied')
  },
)

test('what is no text is told by what it is', () => {
  const gz = (...bytes: number[]) => Buffer.from([...bytes, ...Buffer.from(' and more')])
  for (const [content, why] of [
    [gz(0x1f, 0x8b, 8), 'it is gzip\n  try: unpack it first: gzip -dk'],
    [gz(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), 'it is xz'],
    [Buffer.from('BZh91AY&SY'), 'it is bzip2'],
    [gz(0x28, 0xb5, 0x2f, 0xfd), 'it is zstd'],
    [Buffer.from('PK\x03\x04'), 'it is zip'],
    [Buffer.from('PAR1'), 'it is Parquet'],
    [Buffer.from('%PDF-1.7'), 'it is PDF'],
    [Buffer.from('\ufefftext', 'utf16le'), 'it is UTF-16\n  try: convert it: iconv -f UTF-16 -t UTF-8'],
    [Buffer.from('\ufefftext', 'utf16le').swap16(), 'it is UTF-16'],
    [Buffer.concat([Buffer.alloc(65_535, 'a '), Buffer.from([0])]), 'there is a zero byte at offset 65535'],
  ] as const) {
    const path = write('binary', content)
    expect(() => findCorpusFiles([path]), why).toThrow(`${path} is not plain text\n  why: ${why}`)
  }
  for (const text of ['BZh and so on', 'PK was here', '%PD', 'PAR', '\ufefftext']) {
    expect(findCorpusFiles([write('text', text)]), text).toHaveLength(1)
  }
})
