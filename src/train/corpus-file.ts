import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { removeQuietly, writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'
import {
  BlockTable,
  type CorpusFile,
  type CountOptions,
  type CountResult,
  corpusFingerprint,
  countCorpus,
  type Tokenizer,
  Vocabulary,
} from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'

/** What `corpus.json` holds: the corpus as counted, so that a resumed run need not count again. */
interface CorpusFileContent {
  format: 1
  fingerprint: string
  files: CorpusFile[]
  blockBytes: number
  tokenizer: Tokenizer
  minCount: number
  /** Words of `vocab.tsv` that are trained: the first. Behind them stand those that `init` brings. */
  trained?: number
  /** Fingerprint of the vectors that brought them, if any. */
  init?: string | null
  /** SHA-256 of the trained words, to tell a damaged `vocab.tsv`. */
  vocabulary: string
  distinctWords: number
  replaced: CountResult['replaced']
  overlong: number
  /** Per block. */
  records: number[]
  words: number[]
  hashes: string[]
}

export interface CountedCorpus extends CountResult {
  fingerprint: string
}

/** What a run knows of its corpus before it is read. */
export interface KnownCorpus {
  /** That it must have; null if the run has none yet. */
  fingerprint: string | null
  /** Vectors that the run begins with, and how they make its vocabulary longer. */
  init?: { fingerprint: string; extend: (trained: Vocabulary) => Vocabulary } | undefined
}

/**
 * The corpus of a run: read from its folder if the files look as they did when they were counted, else counted.
 * (Looks deceive; training compares every block with its audit as it goes.)
 *
 * Counting goes on behind what an earlier process had counted, which lies in the run's folder until all is.
 *
 * throws  as `countCorpus`, and InputError if the corpus has another fingerprint; the folder is untouched then
 */
export async function loadOrCount(
  folder: RunFolder,
  files: CorpusFile[],
  options: CountOptions,
  { fingerprint: known, init }: KnownCorpus,
): Promise<CountedCorpus> {
  const loaded = await loadCounted(folder, files, options)
  if (loaded && (known === null || loaded.corpus.fingerprint === known)) {
    if (loaded.init !== (init?.fingerprint ?? null)) save(folder, loaded.corpus, options, init)
    removeCounting(folder)
    return loaded.corpus
  }
  const result = await countCorpus(files, { ...options, scratch: folder.counting })
  const fingerprint = corpusFingerprint(result.blocks, result.audits, options.tokenizer)
  if (known !== null && fingerprint !== known) {
    removeCounting(folder)
    throw new InputError('RUN_CORPUS', {
      what: `the text is not what the run in ${folder.path} was trained on`,
      why: `its fingerprint is ${fingerprint.slice(0, 12)}…; the run has ${known.slice(0, 12)}…`,
      mend: 'bring the text back as it was, or train into another folder with --out',
    })
  }
  const corpus = { ...result, fingerprint }
  save(folder, corpus, options, init)
  removeCounting(folder)
  return corpus
}

function removeCounting(folder: RunFolder): void {
  removeQuietly(folder.counting)
}

function save(
  folder: RunFolder,
  corpus: CountedCorpus,
  { tokenizer, minCount }: CountOptions,
  init: KnownCorpus['init'],
): void {
  const { vocabulary } = corpus
  const recorded = init ? init.extend(vocabulary) : vocabulary
  recorded.write(folder.vocabulary)
  const { blocks, audits, fingerprint, distinctWords, replaced, overlong } = corpus
  const content: CorpusFileContent = {
    format: 1,
    fingerprint,
    files: blocks.files,
    blockBytes: blocks.blockBytes,
    tokenizer,
    minCount,
    trained: vocabulary.length,
    init: init?.fingerprint ?? null,
    vocabulary: hashOf(vocabulary),
    distinctWords,
    replaced,
    overlong,
    records: [...audits.records],
    words: [...audits.words],
    hashes: [...audits.hashes].map((hash) => hash.toString(16).padStart(16, '0')),
  }
  writeFileAtomically(folder.corpus, (write) => write(Buffer.from(`${JSON.stringify(content)}\n`)))
}

/** The corpus as the folder has it, and the vectors that made its vocabulary longer; undefined if it is to be counted. */
export async function loadCounted(
  folder: RunFolder,
  files: CorpusFile[],
  options: Pick<CountOptions, 'tokenizer' | 'minCount'>,
): Promise<{ corpus: CountedCorpus; init: string | null } | undefined> {
  if (!existsSync(folder.corpus) || !existsSync(folder.vocabulary)) return undefined
  let content: CorpusFileContent
  try {
    content = JSON.parse(readFileSync(folder.corpus, 'utf8'))
  } catch {
    return undefined
  }
  const lists = [content?.files, content?.records, content?.words, content?.hashes]
  if (content?.format !== 1 || !lists.every(Array.isArray)) return undefined
  const { tokenizer, minCount, distinctWords, replaced, overlong } = content
  const looksTheSame =
    tokenizer === options.tokenizer &&
    minCount === options.minCount &&
    content.files.length === files.length &&
    files.every(
      ({ bytes, mtimeMs }, i) => bytes === content.files[i]!.bytes && mtimeMs === content.files[i]!.mtimeMs,
    )
  if (!looksTheSame) return undefined
  const audits = {
    records: shared(Uint32Array, content.records),
    words: shared(Uint32Array, content.words),
    hashes: shared(
      BigUint64Array,
      content.hashes.map((hash) => BigInt(`0x${hash}`)),
    ),
  }
  const blocks = new BlockTable(files, content.blockBytes)
  // Computed anew: a newer engine may know other characters (the rule holds Unicode's version).
  const fingerprint = corpusFingerprint(blocks, audits, tokenizer)
  const recorded = await readVocabulary(folder.vocabulary)
  const vocabulary = recorded?.first(Math.min(recorded.length, content.trained ?? recorded.length))
  if (fingerprint !== content.fingerprint || !vocabulary || hashOf(vocabulary) !== content.vocabulary)
    return undefined
  const corpus = { blocks, audits, vocabulary, fingerprint, distinctWords, replaced, overlong }
  return { corpus, init: content.init ?? null }
}

/** Undefined if it is damaged: then it is counted again. */
async function readVocabulary(path: string): Promise<Vocabulary | undefined> {
  try {
    return await Vocabulary.read(path)
  } catch {
    return undefined
  }
}

function hashOf({ counts, offsets, arena }: Vocabulary): string {
  const hash = createHash('sha256')
  for (const array of [counts, offsets, arena])
    hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return hash.digest('hex')
}

/** Numbers in an array that threads share. */
function shared<T extends Uint32Array | BigUint64Array>(
  kind: (new (buffer: SharedArrayBuffer) => T) & { BYTES_PER_ELEMENT: number },
  values: ArrayLike<T[number]>,
): T {
  const array = new kind(new SharedArrayBuffer(values.length * kind.BYTES_PER_ELEMENT))
  array.set(values as never)
  return array
}
