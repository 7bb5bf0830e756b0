import { existsSync, mkdtempSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { InputError } from '../core/errors.ts'
import { writeSafetensors } from '../core/safetensors.ts'
import { detectFormat, readVectors, type VectorFormat, vectorFormats, writeVectors } from './format.ts'
import { KeyedVectors } from './keyed-vectors.ts'
import type { VectorSet } from './set.ts'
import { WordTable } from './words.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const names: Record<VectorFormat, string> = { safetensors: 'v.safetensors', binary: 'v.bin', text: 'v.txt' }
const file = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer)

/** As a trainer holds them: rows that are further apart than they are wide, in shared memory. */
const matrix = new Float32Array(new SharedArrayBuffer(80))
matrix.set(Array.from({ length: 20 }, (_, i) => (i % 5 < 3 ? (i - 7) / 3 : 99)))
const set: VectorSet = {
  words: WordTable.from(['</s>', '왕', 'king', 'a,"b"']),
  dim: 3,
  matrix: (first, rows) => {
    for (let i = 0; i < rows.length; i++) rows[i] = matrix[(first + Math.floor(i / 3)) * 5 + (i % 3)]!
  },
  counts: [7, 2 ** 40, 1, 0],
}

for (const format of vectorFormats)
  test(`${format}: what is written is read again, bit for bit`, () => {
    const path = join(folder, names[format])
    writeVectors(path, format, set)
    expect(detectFormat(path)).toBe(format)
    const table = readVectors(path)
    expect(Array.from({ length: table.length }, (_, i) => table.words.word(i))).toEqual([
      '</s>',
      '왕',
      'king',
      'a,"b"',
    ])
    for (let i = 0; i < 4; i++) expect([...table.row(i)]).toEqual([...matrix.subarray(i * 5, i * 5 + 3)])
    expect(table.counts && [...table.counts]).toEqual(format === 'safetensors' ? [7, 2 ** 40, 1, 0] : null)
    // Written again from what was read, it is the same file.
    const again = join(folder, `again-${names[format]}`)
    new KeyedVectors(table).save(again, format)
    expect(readFileSync(again)).toEqual(readFileSync(path))
  })

for (const format of vectorFormats)
  test(`${format}: a file cut short anywhere is an InputError`, () => {
    const path = join(folder, `cut-${names[format]}`)
    writeVectors(path, format, set)
    const whole = readFileSync(path).length
    // The last line end of the text formats may be missing. In text, a number cut short is still a number.
    const least = { safetensors: 1, binary: 2, text: 12 }[format]
    for (let bytes = whole - least; bytes >= 0; bytes -= 3) {
      truncateSync(path, bytes)
      expect(() => readVectors(path), `${bytes} bytes`).toThrow(InputError)
    }
  })

test('a failing disk leaves nothing under the final name', () => {
  const path = join(folder, 'sub', 'v.txt')
  const words = WordTable.from(['fine', 'not fine'])
  expect(() => writeVectors(path, 'text', { words, dim: 1, matrix: new Float32Array(2) })).toThrow(
    'word 2, "not fine", cannot be written as word2vec text',
  )
  expect(readdirSync(join(folder, 'sub'))).toEqual([])
})

test('only safetensors holds words with spaces, and none a line end', () => {
  const one = (word: string) => ({ words: WordTable.from([word]), dim: 1, matrix: Float32Array.of(1) })
  const path = join(folder, 'space')
  expect(() => writeVectors(path, 'binary', one('a b'))).toThrow('write safetensors')
  expect(() => writeVectors(path, 'safetensors', one('a\nb'))).toThrow('leave that word out')
  expect(() => writeVectors(path, 'text', one(''))).toThrow('it is empty')
  expect(existsSync(path)).toBe(false)
  writeVectors(path, 'safetensors', one('a b'))
  expect(readVectors(path).words.word(0)).toBe('a b')
})

test('binary is read with and without line ends after the rows', () => {
  const rows = [Buffer.from('a '), floats(1, 2), Buffer.from('b '), floats(3, 4)]
  const without = file('without', Buffer.concat([Buffer.from('2 2\n'), ...rows]))
  const withEnds = file(
    'with',
    Buffer.concat([
      Buffer.from('2 2\n'),
      rows[0]!,
      rows[1]!,
      Buffer.from('\n'),
      rows[2]!,
      rows[3]!,
      Buffer.from('\n'),
    ]),
  )
  for (const path of [without, withEnds]) {
    expect(detectFormat(path)).toBe('binary')
    expect([...readVectors(path).row(1)]).toEqual([3, 4])
  }
})

test('text is read with and without a header, with blanks and CRLF, and with spaces in words of GloVe', () => {
  const texts = ['2 2\na 1 2 \nb 3 4 \n', '2 2\r\na 1 2\r\nb 3 4', 'a 1 2\nb 3 4\n', 'a\t1\t2\nb\t3\t4\n']
  for (const text of texts) {
    const table = readVectors(file('text', text))
    expect([table.words.word(0), table.words.word(1), ...table.row(0), ...table.row(1)]).toEqual([
      'a',
      'b',
      1,
      2,
      3,
      4,
    ])
  }
  expect(readVectors(file('glove', 'a 1 2\n. . . 3 4\n')).words.word(1)).toBe('. . .')
})

test('a word that comes again keeps its first vector, and is counted', () => {
  const table = readVectors(file('twice', '3 1\na 1\nb 2\na 3\n'))
  expect([table.length, table.duplicates, ...table.row(0), ...table.row(1)]).toEqual([2, 1, 1, 2])
})

const damaged: [string, string | Uint8Array, string][] = [
  ['empty', '', 'it is empty'],
  ['prose', 'It was the best of times,\nit was the worst\n', 'neither with'],
  ['gzip', Uint8Array.of(0x1f, 0x8b, 8, 0), 'compressed with gzip'],
  ['fasttext', Uint8Array.of(0xba, 0x16, 0x4f, 0x2f, 12, 0), 'a model of fastText'],
  ['no-words', '0 100\n', 'it tells of 0 words'],
  ['few-numbers', '2 3\na 1 2 3\nb 1 2\n', 'line 3 is not a line of word vectors\n  why: it has 2 numbers'],
  ['many-numbers', '2 3\na 1 2 3\nb 1 2 3 4\n', 'it has 4 numbers after the word, not 3'],
  ['no-number', '2 2\na 1 2\nb 1 x2\n', 'line 3 is not a line of word vectors\n  why: "x2" is not a number'],
  ['nan', '2 2\na 1 2\nb nan 2\n', 'line 3 is not a line of word vectors\n  why: it holds nan'],
  ['inf', 'a 1 2\nb 1 -inf\n', 'line 2 is not a line of word vectors\n  why: it holds -inf'],
  ['overflow', 'a 1 2\nb 1 1e39\n', '"1e39" is not a number of the range of float32'],
  ['few-lines', '3 2\na 1 2\nb 1 2\n  ', 'line 4'],
  ['many-lines', '1 2\na 1 2\nb 1 2\n', 'it goes on after its 1 words'],
  ['greedy', '999999999 300\na 1 2\n', 'more than 20 bytes hold'],
  ['greedy-binary', Buffer.concat([Buffer.from('999999999 300\na '), floats(1, 2)]), 'need at least'],
  [
    'more-binary',
    Buffer.concat([Buffer.from('1 2\na '), floats(1, 2), Buffer.from('b ')]),
    'it goes on after',
  ],
  [
    'no-word',
    Buffer.concat([Buffer.from('2 1\na '), floats(1), Buffer.from('\nb\ncdef ')]),
    'no word at byte 11',
  ],
]
for (const [name, content, message] of damaged)
  test(`damaged: ${name}`, () => {
    const path = file(`damaged-${name}`, content)
    expect(() => readVectors(path)).toThrow(InputError)
    expect(() => readVectors(path)).toThrow(message)
  })

test('safetensors of another kind say what is wrong with them', () => {
  const write = (name: string, tensors: Parameters<typeof writeSafetensors>[1]) => {
    const parts: Uint8Array[] = []
    writeSafetensors((bytes) => parts.push(bytes), tensors)
    return file(name, Buffer.concat(parts))
  }
  const vectors = { dtype: 'F32' as const, shape: [2, 1], bytes: new Uint8Array(8) }
  const words = (text: string) => ({ dtype: 'U8' as const, shape: [text.length], bytes: Buffer.from(text) })
  expect(() => readVectors(write('a', { weight: vectors }))).toThrow('it holds no tensor vectors, but weight')
  expect(() => readVectors(write('b', { vectors, words: words('a') }))).toThrow('2 vectors and fewer words')
  expect(() => readVectors(write('c', { vectors, words: words('a\nb\nc') }))).toThrow(
    '2 vectors and more words',
  )
  expect(() => readVectors(write('d', { vectors, words: words('a\na') }))).toThrow('word 2 is there twice')
  expect(() =>
    readVectors(
      write('e', {
        vectors: { ...vectors, shape: [2], dtype: 'F64', bytes: new Uint8Array(16) },
        words: words('a'),
      }),
    ),
  ).toThrow('tensor vectors is F64 [2], not F32')
})

test('a name tells the format of a file to come', () => {
  expect(
    ['x.safetensors', 'x.bin', 'x.txt', 'x.VEC'].map((name) => detectFormat(join(folder, 'none', name))),
  ).toEqual(['safetensors', 'binary', 'text', 'text'])
  expect(() => detectFormat(join(folder, 'none.json'))).toThrow('does not tell a format')
})

const data = process.env.MILLRACE_DATA
test.skipIf(!data)(
  `files of other tools are read${data ? '' : ': skipped, MILLRACE_DATA is not set'}`,
  () => {
    const shape = (name: string) => {
      const vectors = KeyedVectors.load(join(data!, 'vectors', name))
      return [vectors.length, vectors.dim, vectors.word(0)]
    }
    expect(shape('word2vec_pre_kv_c')).toEqual([1750, 10, 'the'])
    expect(shape('test_glove.txt')).toEqual([76, 50, 'the'])
    expect(shape('crime-and-punishment.vec')).toEqual([291, 5, 'и'])
    expect(shape('lee_fasttext.vec')).toEqual([1762, 10, 'the'])
    expect(shape('toy-model.vec')).toEqual([22, 5, 'the'])
    // Its header promises 3 words, and one is there.
    expect(() => shape('pretrained.vec')).toThrow('after 1 of the 3 words')
    expect(() => shape('toy-model.bin')).toThrow('a model of fastText')
    expect(() => shape('lee_fasttext.bin')).toThrow(InputError)
  },
)
