// What a file costs without a loader, in one thread: node bare.ts '{"way": "read" | "sum" | "split", …}'
import { closeSync, openSync, readSync } from 'node:fs'
import { linesOf } from './datasets.ts'
import type { Job, Outcome } from './job.ts'
import { peakBytes } from './memory.ts'
import { sumBytes } from './sums.ts'

/** Reads it; adds up its bytes as well; cuts it into lines and looks at the length of each. */
export const ways = ['read', 'sum', 'split'] as const
export type Way = (typeof ways)[number]

function measure({ way, path, bytes, repeats }: Job & { way: Way }): Outcome {
  const pass = () => {
    const total = { samples: 0, sum: 0 }
    for (let i = 0; i < repeats; i++) {
      if (way === 'split') splitFile(path, bytes, total)
      else readFile(path, bytes, way === 'sum', total)
    }
    return total
  }
  pass()
  const began = performance.now()
  const total = pass()
  return { ...total, batches: 0, seconds: (performance.now() - began) / 1000, peakBytes: peakBytes() }
}

function readFile(path: string, bytes: number, sums: boolean, total: { sum: number }): void {
  const chunk = new Uint8Array(2 ** 20)
  const file = openSync(path, 'r')
  try {
    for (let left = bytes; left > 0; ) {
      const length = readSync(file, chunk, 0, Math.min(left, chunk.length), null)
      if (length === 0) throw new Error(`${path} is shorter than it was`)
      left -= length
      if (sums) total.sum += sumBytes(chunk.subarray(0, length))
    }
  } finally {
    closeSync(file)
  }
}

function splitFile(path: string, bytes: number, total: { samples: number; sum: number }): void {
  for (const line of linesOf(path, 0, bytes, 1)) {
    total.samples++
    total.sum += line.length
  }
}

if (import.meta.main) console.log(JSON.stringify(measure(JSON.parse(process.argv[2]!))))
