import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { basename, extname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { note } from '../src/cli/output.ts'
import { formatBytes } from '../src/core/bytes.ts'
import { InputError, ResourceError } from '../src/core/errors.ts'
import { formatCount } from '../src/core/text.ts'
import { maxSentence } from '../src/corpus/index.ts'
import { LineCutter } from './lines.ts'

const standard = 'corpora/enwiki2015-text8like.xz'
const unpackers: Record<string, string> = { '.gz': 'gzip', '.xz': 'xz', '.bz2': 'bzip2', '.zst': 'zstd' }

/** Where data beyond the sample lies. */
export function dataFolder(): string {
  const beside = join(import.meta.dirname, '../../shared/data')
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  return process.env.MILLRACE_DATA ?? (existsSync(beside) ? beside : join(cache, 'millrace'))
}

/** throws  InputError if there is neither the file nor, without one, the standard corpus */
export function findCorpus(given: string | undefined): string {
  const path = given ?? join(dataFolder(), standard)
  if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
  throw new InputError('CORPUS_MISSING', {
    what: given ? `there is no file ${path}` : `there is no corpus: ${path} is not there`,
    mend: 'give a text file with --corpus, or set MILLRACE_DATA to the folder that holds corpora/',
  })
}

/**
 * The corpus as all tools are given it: unpacked, in lines of at most 1000 words, which is how word2vec
 * cuts text. gensim's `corpus_file` needs the lines: of one line of 100 MB it learns nothing. Kept in `work`.
 *
 * throws  ResourceError if it cannot be unpacked or written
 */
export async function prepareCorpus(source: string, work: string): Promise<string> {
  const { size, mtimeMs } = statSync(source)
  const version = createHash('sha256').update(`${source} ${size} ${mtimeMs}`).digest('hex').slice(0, 8)
  const path = join(work, `${basename(source, extname(source))}.${version}.lines.txt`)
  if (existsSync(path)) return path
  mkdirSync(work, { recursive: true })
  const beside = `${path}.tmp`
  const cutter = new LineCutter(maxSentence)
  try {
    const { text, done } = unpack(source)
    await pipeline(
      text,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) yield cutter.push(chunk)
        yield Buffer.from('\n')
      },
      createWriteStream(beside),
    )
    await done
    renameSync(beside, path)
  } catch (cause) {
    rmSync(beside, { force: true })
    const why = (cause as Error).message
    throw new ResourceError('CORPUS_UNPACK', { what: `cannot unpack ${source} into ${work}`, why, cause })
  }
  const lines = `lines of at most ${formatCount(maxSentence)} words`
  note(`corpus: ${formatCount(cutter.words)} words written in ${lines}, ${formatBytes(statSync(path).size)}`)
  return path
}

/** The text of a file, and its unpacker's end. */
function unpack(source: string): { text: Readable; done: Promise<void> } {
  const program = unpackers[extname(source)]
  if (!program) return { text: createReadStream(source), done: Promise.resolve() }
  const child = spawn(program, ['-dc', source], { stdio: ['ignore', 'pipe', 'inherit'] })
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))))
  })
  // A failure is awaited only after the text has ended.
  done.catch(() => {})
  return { text: child.stdout, done }
}
