import { existsSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError } from '../core/errors.ts'

/** One epoch's audit: every record once, told by count and by hash. See docs/architecture.md. */
export interface EpochAudit {
  epoch: number
  records: number
  /** Sum mod 2^64 of xxh64(record's bytes, seed = its offset in the corpus), 16 hex digits. */
  hash: string
  /** Blocks that were left out, because each had ended the trainer three times running. */
  quarantined?: number[]
}

/** The last line of `train --json`; kept in `run.json` when the run is complete. */
export interface TrainResult {
  type: 'done'
  /** Tokens in vocabulary before subsampling, times epochs. */
  words: number
  /** Training time over all attempts, reading and tokenising included; without counting and export. */
  seconds: number
  /** Time from start to end of all attempts. */
  wallSeconds: number
  wordsPerSecond: number
  /** Words in the vocabulary. */
  vocabulary: number
  /** How many were taken, and how long training waited for them in all. */
  checkpoints: { count: number; stallSeconds: number }
  /** High-water mark of the trainer's resident memory over attempts. */
  peakRssBytes: number
  /** High-water mark of the supervisor's resident memory; 0 without one, or where the system does not tell. */
  supervisorRssBytes: number
  restarts: number
  audit: { epochs: EpochAudit[] }
  /** Path of the vectors. */
  vectors: string
  /** Only of a run that a score ended before its last epoch. Its vectors are those of the end. */
  stoppedEarly?: StoppedEarly
}

/** How a score ended a run. Epochs are counted as far as they were trained: 2.5 is half of the third. */
export interface StoppedEarly {
  /** Epochs trained. */
  epoch: number
  /** Name of the score. */
  score: string
  best: number
  /** Epochs that had been trained when it was best. */
  at: number
}

/** A number of epochs, and the epoch at work when it was asked for. */
export interface Schedule {
  epochs: number
  fromEpoch: number
}

export type RunStatus = 'running' | 'stopped' | 'failed' | 'complete'

/** What `run.json` holds. */
export interface RunFile {
  format: 1
  name: string
  status: RunStatus
  /** The config as resolved: every key, defaults included. */
  config: Record<string, unknown>
  /**
   * SHA-256, hexadecimal: of the identity keys of the config; of the corpus's blocks once counted; of the vectors
   * that it began with, if any.
   */
  fingerprints: { config: string; corpus: string | null; init?: string | null }
  /** How long it was to go on, the first plan first; the last one holds. */
  schedules?: Schedule[]
  /** Process ids while alive, else null. */
  pids: { supervisor: number | null; trainer: number | null }
  /** How many times the run was started, from 1. */
  attempt: number
  createdAt: string
  /** Millrace's version that wrote this. */
  version: string
  error: string | null
  result: TrainResult | null
}

/**
 * A run folder: all that a run leaves behind, and the one place that knows the names in it.
 * See docs/architecture.md for what each file holds.
 */
export class RunFolder {
  readonly path: string

  constructor(path: string) {
    this.path = resolve(path)
  }

  get name(): string {
    return basename(this.path)
  }
  get runFile(): string {
    return join(this.path, 'run.json')
  }
  get events(): string {
    return join(this.path, 'events.ndjson')
  }
  get vocabulary(): string {
    return join(this.path, 'vocab.tsv')
  }
  /** Files, blocks and their audits, as counted. */
  get corpus(): string {
    return join(this.path, 'corpus.json')
  }
  /** What was counted of the text so far; gone once all is. */
  get counting(): string {
    return join(this.path, 'counting')
  }
  get checkpoints(): string {
    return join(this.path, 'checkpoints')
  }
  get vectors(): string {
    return join(this.path, 'vectors.safetensors')
  }
  /** The vectors that it began with: a copy, so that the run needs no file of others. */
  get init(): string {
    return join(this.path, 'init.safetensors')
  }
  get scores(): string {
    return join(this.path, 'eval.json')
  }
  get report(): string {
    return join(this.path, 'report.html')
  }
  /** The blocks at work; there while a trainer is, or after it was killed. */
  get claims(): string {
    return join(this.path, 'claims')
  }

  /** Blocks that may have ended the trainer, and those that are left out for it. */
  get suspects(): string {
    return join(this.path, 'suspects.json')
  }

  get lock(): string {
    return join(this.path, 'lock')
  }

  /** Whether a run was ever started here. */
  exists(): boolean {
    return existsSync(this.runFile)
  }

  /** throws  InputError if there is no run here, or `run.json` is damaged */
  read(): RunFile {
    let text: string
    try {
      text = readFileSync(this.runFile, 'utf8')
    } catch (cause) {
      throw new InputError('RUN_MISSING', {
        what: `${this.path} is not a run folder`,
        why: 'there is no run.json in it',
        mend: 'give the folder that `millrace train --out` wrote',
        cause,
      })
    }
    let run: RunFile
    try {
      run = JSON.parse(text)
    } catch (cause) {
      throw new InputError('RUN_DAMAGED', {
        what: `${this.runFile} is damaged`,
        why: 'it is not JSON',
        mend: 'bring it back from a copy, or train into another folder',
        cause,
      })
    }
    if (run?.format !== 1) {
      throw new InputError('RUN_FORMAT', {
        what: `${this.runFile} has format ${run?.format}`,
        why: 'this version of Millrace reads format 1',
      })
    }
    return run
  }

  write(run: RunFile): void {
    writeFileAtomically(this.runFile, (write) => write(Buffer.from(`${JSON.stringify(run, null, 2)}\n`)))
  }
}
