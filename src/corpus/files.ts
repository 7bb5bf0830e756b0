import { closeSync, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InputError } from '../core/errors.ts'

export interface CorpusFile {
  path: string
  bytes: number
  /** A hint that the file changed, no more. */
  mtimeMs: number
}

/**
 * The files of a corpus, in order: each path a text file, or a folder, which means its `*.txt` sorted by name.
 *
 * throws  InputError if a path is missing, unreadable or not text, or if there is nothing to read
 */
export function findCorpusFiles(paths: string[]): CorpusFile[] {
  const files = paths.flatMap((path) => {
    const stats = statOrThrow(path)
    return stats.isDirectory() ? filesOfFolder(path) : [describeFile(path, stats)]
  })
  if (files.reduce((sum, file) => sum + file.bytes, 0) === 0) {
    throw new InputError('CORPUS_EMPTY', {
      what: `${paths.join(', ')} holds no text`,
      why: files.length === 1 ? 'the file is empty' : 'every file is empty',
      mend: 'give a file with text in it',
    })
  }
  // One buffer for all: what is allocated for each of thousands of files is collected late, and fragments the heap.
  const head = Buffer.alloc(65536)
  for (const file of files) refuseBinary(file.path, head)
  return files
}

function statOrThrow(path: string): Stats {
  try {
    return statSync(path)
  } catch (cause) {
    throw cannotRead(path, cause)
  }
}

function filesOfFolder(path: string): CorpusFile[] {
  let names: string[]
  try {
    names = readdirSync(path).filter((name) => name.endsWith('.txt'))
  } catch (cause) {
    throw cannotRead(path, cause)
  }
  const files = names
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => join(path, name))
    .map((file) => ({ file, stats: statOrThrow(file) }))
    .filter(({ stats }) => stats.isFile())
    .map(({ file, stats }) => describeFile(file, stats))
  if (files.length === 0) {
    throw new InputError('CORPUS_NO_TEXT', {
      what: `the folder ${path} has no text in it`,
      why: 'of a folder, its *.txt files are read, and there are none',
      mend: 'name the files themselves, or rename them to *.txt',
    })
  }
  return files
}

function describeFile(path: string, stats: Stats): CorpusFile {
  if (!stats.isFile()) {
    throw new InputError('CORPUS_NOT_FILE', {
      what: `${path} is not a regular file`,
      why: 'a corpus is read many times and from many places at once, which a pipe or device cannot do',
      mend: 'write it to a file first',
    })
  }
  return { path: resolve(path), bytes: stats.size, mtimeMs: stats.mtimeMs }
}

const signatures: [string, number[], string][] = [
  ['gzip', [0x1f, 0x8b], 'unpack it first: gzip -dk'],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'unpack it first: xz -dk'],
  ['bzip2', [0x42, 0x5a, 0x68], 'unpack it first: bzip2 -dk'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'unpack it first: zstd -dk'],
  ['zip', [0x50, 0x4b, 0x03, 0x04], 'unpack it first: unzip'],
  ['Parquet', [0x50, 0x41, 0x52, 0x31], 'export its text column to a text file'],
  ['PDF', [0x25, 0x50, 0x44, 0x46], 'extract its text first: pdftotext'],
  ['UTF-16', [0xff, 0xfe], 'convert it: iconv -f UTF-16 -t UTF-8'],
  ['UTF-16', [0xfe, 0xff], 'convert it: iconv -f UTF-16 -t UTF-8'],
]

function refuseBinary(path: string, buffer: Buffer): void {
  const head = readHead(path, buffer)
  for (const [format, bytes, mend] of signatures) {
    // "BZh" alone could begin a text; no text goes on with a digit and this magic number.
    if (bytes.every((byte, i) => head[i] === byte) && (format !== 'bzip2' || head[4] === 0x31)) {
      throw new InputError('CORPUS_BINARY', {
        what: `${path} is not plain text`,
        why: `it is ${format}`,
        mend,
      })
    }
  }
  const zero = head.indexOf(0)
  if (zero >= 0) {
    throw new InputError('CORPUS_BINARY', {
      what: `${path} is not plain text`,
      why: `there is a zero byte at offset ${zero}`,
      mend: 'give a UTF-8 text file',
    })
  }
}

function readHead(path: string, head: Buffer): Buffer {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    throw cannotRead(path, cause)
  }
  try {
    return head.subarray(0, readSync(fd, head, 0, head.length, 0))
  } finally {
    closeSync(fd)
  }
}

function cannotRead(path: string, cause: unknown): InputError {
  const code = (cause as NodeJS.ErrnoException).code
  if (code === 'ENOENT') {
    return new InputError('CORPUS_MISSING', { what: `there is no ${path}`, mend: 'check the path', cause })
  }
  const why = code === 'EACCES' ? 'permission denied' : String((cause as Error).message)
  return new InputError('CORPUS_UNREADABLE', { what: `cannot read ${path}`, why, cause })
}
