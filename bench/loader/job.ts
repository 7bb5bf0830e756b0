import { closeSync, openSync, readSync } from 'node:fs'

/** What samples are: whole numbers 0, 1, 2, …, or the lines of a text. */
export const sampleKinds = ['integers', 'lines'] as const
export type SampleKind = (typeof sampleKinds)[number]

/** One setting in which the tools are compared. */
export interface Cell {
  samples: SampleKind
  batchSize: number
  workers: number
}

/** How much is read in one pass. Of a text, its first `bytes`, which end with a line, `repeats` times. */
export interface Amount {
  integers: number
  bytes: number
  repeats: number
}

/** What one process does: a pass that is not timed, and one that is. */
export interface Job extends Cell, Amount {
  path: string
}

/** What it says of the pass that was timed. */
export interface Outcome {
  batches: number
  samples: number
  /** Of the integers, or of the bytes of the lines without their ends. */
  sum: number
  seconds: number
  /** The high-water mark of its memory; of a tool with processes, with what they do not share. */
  peakBytes: number
}

/** What the samples of a pass come to. `textSum` is that of the text's bytes, by `sumText`. */
export function expectedOf(
  job: Job,
  textSum: { samples: number; sum: number },
): { samples: number; sum: number } {
  const { integers, repeats } = job
  if (job.samples === 'integers') return { samples: integers, sum: (integers * (integers - 1)) / 2 }
  return { samples: textSum.samples * repeats, sum: textSum.sum * repeats }
}

/** The lines in the first `bytes` of a file, and the sum of their bytes: counted here, by none of the tools. */
export function sumText(path: string, bytes: number): { samples: number; sum: number } {
  const newline = 0x0a
  let samples = 0
  let sum = 0
  const chunk = Buffer.alloc(2 ** 20)
  const file = openSync(path, 'r')
  try {
    for (let left = bytes; left > 0; ) {
      const length = readSync(file, chunk, 0, Math.min(left, chunk.length), null)
      if (length === 0) break
      left -= length
      for (let i = 0; i < length; i++) {
        if (chunk[i] === newline) samples++
        else sum += chunk[i]!
      }
    }
  } finally {
    closeSync(file)
  }
  return { samples, sum }
}
