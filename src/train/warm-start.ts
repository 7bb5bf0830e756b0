import type { Vocabulary } from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'
import type { SharedModel, TrainConfig } from '../word2vec/index.ts'
import { copyInit } from './copy-init.ts'
import type { KnownCorpus } from './corpus-file.ts'
import { type Init, sourceOf } from './init.ts'
import { InitFile, withKept } from './init-file.ts'
import { packRows } from './parameters.ts'

export interface WarmStartFigures {
  /** What the run begins with, as it was asked for. */
  path: string
  words: number
  /** How many of them are trained. */
  inText: number
  /** The others: not in the text, or too rare there. They stay as they are. */
  kept: number
}

/**
 * How a run begins with the vectors of another. Words that the text has are trained on from there; the others are no
 * part of the model: they are in no table, so that nothing draws or moves them, and are written with the result.
 */
export class WarmStart {
  /** Words that are trained, and behind them those that are kept. */
  readonly vocabulary: Vocabulary
  readonly #file: InitFile
  readonly #trained: Vocabulary
  /** For each word of the file, its row in the model, or -1. */
  readonly #rows: Int32Array

  constructor(file: InitFile, trained: Vocabulary) {
    this.#file = file
    this.#trained = trained
    this.#rows = file.rowsIn(trained)
    this.vocabulary = withKept(trained, file, this.#rows)
  }

  get figures(): Omit<WarmStartFigures, 'path'> {
    const words = this.#rows.length
    const kept = this.vocabulary.length - this.#trained.length
    return { words, inText: words - kept, kept }
  }

  /** For each word that is trained, 1 if its vector was brought, else 0. */
  rowsInText(): Uint8Array {
    const brought = new Uint8Array(this.#trained.length)
    for (const row of this.#rows) if (row >= 0) brought[row] = 1
    return brought
  }

  /** Enters the vectors in a new model. Returns what is to be known of it, in plain words. */
  fill(model: SharedModel, config: TrainConfig): string[] {
    const told: string[] = []
    if (this.figures.inText === 0)
      told.push(`none of the words of ${config.init} is in the text: training begins as without them`)
    const filled = this.#file.fill(model, this.#rows, this.#trained, config)
    const missing = this.#file.loss !== undefined && !filled.includes('output')
    if (missing)
      told.push(
        `only the input vectors of ${config.init} are used: it has no output vectors that fit this run`,
      )
    return told
  }

  /** The bytes of the vectors that are kept, in the order of `vocabulary`. */
  keptBytes(): Generator<Uint8Array> {
    return packRows(this.#file.kept(this.#rows), this.#file.dim)
  }
}

/** The run's own copy of the vectors that it begins with, made now if it is not there. */
export async function bringInit(
  folder: RunFolder,
  init: Init,
  warn: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<InitFile> {
  const { fingerprint } = init
  const there = InitFile.open(folder.init, fingerprint)
  if (there) return there
  const source = sourceOf(init, folder)
  const { duplicates } = await copyInit({ source, fingerprint, target: folder.init }, signal)
  if (duplicates > 0) warn(`${init.path}: ${duplicates} words came again; their first vectors are used`)
  return InitFile.open(folder.init, fingerprint)!
}

/** How the vectors that a run begins with make its recorded vocabulary longer. */
export function extension(folder: RunFolder, { fingerprint }: Init): KnownCorpus['init'] {
  const extend = (trained: Vocabulary) => {
    const file = InitFile.open(folder.init, fingerprint)
    return file ? withKept(trained, file, file.rowsIn(trained)) : trained
  }
  return { fingerprint, extend }
}
