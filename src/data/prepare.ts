import { createHash } from 'node:crypto'
import { InputError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import { findPhrases } from '../corpus/index.ts'
import { availableMemory } from '../runtime/memory-limit.ts'
import { type CorpusPlan, type CorpusSpec, labelOf, planOf } from './corpus-spec.ts'
import { derivedPath, makeDerived, type Recipe } from './derived.ts'
import type { DownloadOptions } from './download.ts'
import { stoppable } from './exclusive.ts'
import { fetchData } from './fetch.ts'
import { type Measure, measureText } from './measure.ts'
import { cacheFolder } from './places.ts'
import { chooseSources, filesOf, requireSources, type Source, type SourceOptions } from './sources.ts'
import { packingOf, unpacked } from './unpack.ts'
import { WordCounter } from './word-counter.ts'
import { writePieces } from './write-pieces.ts'

/** A corpus that can be trained on. */
export interface PreparedCorpus {
  /** Text files and folders, as training takes them. */
  paths: string[]
  /** For a table's caption: `first 16,000,000 words of text8`. */
  label: string
  /** Of the bytes of all files, in order. */
  sha256: string
  bytes: number
  /** White-space words. */
  words: number
  /** What it was made of: each name or path, and the SHA-256 of that. */
  source: { name: string; sha256: string }[]
}

export interface PrepareOptions extends SourceOptions {
  signal?: AbortSignal | undefined
  /** What is done, how far, and of how much where that is known. */
  onProgress?: ((step: string, done: number, total: number | null) => void) | undefined
  /** For the counts of phrases (default: a quarter of the machine's). */
  memoryBytes?: number | undefined
  /** How to download. */
  download?: Pick<DownloadOptions, 'tries' | 'backoffMs' | 'timeoutMs' | 'onRetry'> | undefined
}

/**
 * Makes a corpus ready: finds or downloads its texts, unpacks them, cuts the first words, joins phrases. What is made
 * is kept in the cache and not made again, unless a source has changed. A plain text as a whole is used where it lies.
 *
 * memory  some MiB; for phrases `memoryBytes`
 * disk    in the cache, the text once for each step
 * throws  InputError if a source is not there or not text, is not what the catalogue knows by that name, or has fewer
 *         words than are asked for; ResourceError if a download or the disk fails; StoppedError on abort
 */
export function prepareCorpus(spec: CorpusSpec, options: PrepareOptions = {}): Promise<PreparedCorpus> {
  return stoppable(options.signal, () => prepare(spec, options))
}

async function prepare(spec: CorpusSpec, options: PrepareOptions): Promise<PreparedCorpus> {
  const plan = planOf(spec)
  const sources = chooseSources(plan, options)
  requireSources(sources, plan, options)
  requireKnownWords(sources, plan)
  const paths: string[] = []
  const files: string[] = []
  const source: Recipe['sources'] = []
  for (const one of sources) {
    const path = one.path ?? (await fetchSource(one, options))
    const found = filesOf(path)
    const { sha256 } = await measure(found, options)
    requireCatalogued(one, path, sha256)
    paths.push(path)
    files.push(...found)
    source.push({ name: one.name, sha256 })
  }
  const recipe: Recipe = { sources: source, words: plan.words, phrases: [], tokenizer: 'whitespace' }
  let result: Text =
    plan.words === null && files.every((path) => packingOf(path) === undefined)
      ? { paths, ...(await measure(files, options)) }
      : await makeText(files, recipe, options)
  if (plan.phrases.length > 0) {
    result = await joinPhrases(
      result.paths,
      { ...recipe, phrases: plan.phrases, tokenizer: plan.tokenizer },
      options,
    )
  }
  return { ...result, label: labelOf(namesOf(recipe), plan), source }
}

type Text = Pick<PreparedCorpus, 'paths' | keyof Measure>

async function fetchSource({ name }: Source, options: PrepareOptions): Promise<string> {
  const { cache, data, entries, signal, onProgress } = options
  const { path } = await fetchData(name, {
    ...options.download,
    cache,
    data,
    entries,
    signal,
    onProgress: onProgress && ((step, done, total) => onProgress(`${step} ${name}`, done, total)),
  })
  return path
}

function measure(paths: string[], { signal, onProgress, ...places }: PrepareOptions): Promise<Measure> {
  let done = 0
  const onBytes = (bytes: number) => onProgress?.('reading', (done += bytes), null)
  return measureText(paths, cacheFolder(places), { signal, onBytes })
}

/** A name must not stand for something else than the catalogue says: a table's caption would be wrong. */
function requireCatalogued({ name, entry }: Source, path: string, sha256: string): void {
  const wanted = entry?.checksums.sha256
  if (!wanted || wanted === sha256) return
  throw new InputError('DATA_CHECKSUM', {
    what: `${path} is not ${name}`,
    why: `its SHA-256 is ${sha256}, and ${name}'s is ${wanted}`,
    mend: `remove it and get ${name} again, or name the file by its path`,
  })
}

function requireKnownWords(sources: Source[], { words }: CorpusPlan): void {
  const known = sources.map(({ entry }) => entry?.words ?? null)
  if (words === null || known.includes(null)) return
  const there = known.reduce((sum: number, count) => sum + count!, 0)
  if (there < words) throw tooShort(sources.map(({ name }) => name).join(', '), there, words)
}

function tooShort(name: string, there: number, words: number): InputError {
  return new InputError('CORPUS_SHORT', {
    what: `${name} has ${formatCount(there)} words; the first ${formatCount(words)} were asked for`,
    why: 'less would stand in tables under a name that is not its own',
    mend: 'ask for fewer words, or name a longer text',
  })
}

/** One text of several: unpacked, one after the other, up to the last word that is wanted. */
function makeText(
  files: string[],
  recipe: Recipe,
  { signal, onProgress, ...places }: PrepareOptions,
): Promise<Text> {
  const { words } = recipe
  return make(recipe, { signal, onProgress, ...places }, async (path) => {
    const counter = new WordCounter(words ?? undefined)
    const hash = createHash('sha256')
    let bytes = 0
    const onPiece = (piece: Uint8Array) => {
      hash.update(piece)
      bytes += piece.length
      onProgress?.(words === null ? 'unpacking' : 'cutting', counter.words, words)
    }
    await writePieces(path, joined(files, counter, signal), onPiece, () => {
      if (words !== null && counter.words < words)
        throw tooShort(namesOf(recipe).join(', '), counter.words, words)
    })
    return { sha256: hash.digest('hex'), bytes, words: counter.words }
  })
}

/** The bytes of texts, one after the other, each ending with white space, until the counter is full. */
async function* joined(
  files: string[],
  counter: WordCounter,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for (const [i, path] of files.entries()) {
    let last = 0x0a
    let isFirst = true
    for await (let piece of unpacked(path, { signal })) {
      // The mark that begins a file would be a part of a word within one.
      if (isFirst && i > 0 && piece[0] === 0xef && piece[1] === 0xbb && piece[2] === 0xbf)
        piece = piece.subarray(3)
      isFirst = false
      const kept = counter.add(piece)
      last = kept.at(-1) ?? last
      yield kept
      if (counter.isFull) break
    }
    if (!counter.isFull) {
      const rest = counter.endFile()
      last = rest.at(-1) ?? last
      yield rest
    }
    if (counter.isFull || (i < files.length - 1 && last !== 0x0a)) yield newline
    if (counter.isFull) return
  }
}

const newline = Buffer.from('\n')

/** The text with its phrases joined. */
function joinPhrases(corpus: string[], recipe: Recipe, options: PrepareOptions): Promise<Text> {
  const { signal, onProgress, memoryBytes = Math.floor(availableMemory().bytes / 4) } = options
  const { phrases, tokenizer } = recipe
  return make(recipe, options, async (out) => {
    await findPhrases({
      corpus,
      out,
      thresholds: phrases.map(({ threshold }) => threshold),
      minCount: phrases[0]!.minCount,
      tokenizer,
      memoryBytes,
      observer: {
        progress: (pass, step, done) => onProgress?.(`phrases ${pass}/${phrases.length}: ${step}`, done, 1),
      },
      ...(signal && { signal }),
    })
    return measure([out], options)
  })
}

/** Makes a text of the cache by `body`, which is told where it is to lie. */
async function make(
  recipe: Recipe,
  { signal, onProgress, ...places }: PrepareOptions,
  body: (path: string) => Promise<Measure>,
): Promise<Text> {
  const cache = cacheFolder(places)
  const path = derivedPath(recipe, cache)
  const label = labelOf(namesOf(recipe), recipe)
  const waiting = { signal, onWait: () => onProgress?.('waiting', 0, null) }
  return { paths: [path], ...(await makeDerived(path, label, recipe, cache, () => body(path), waiting)) }
}

function namesOf({ sources }: Recipe): string[] {
  return sources.map(({ name }) => name)
}
