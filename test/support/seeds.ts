import { Random } from '../../src/core/random.ts'

const firstSeed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9))

/** Runs a test on several sources of random numbers. A failure names the seed; with SEED set to it, it comes first. */
export async function forSeeds(count: number, body: (random: Random) => void | Promise<void>): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + count; seed++) {
    try {
      await body(new Random(BigInt(seed)))
    } catch (error) {
      if (error instanceof Error) error.message = `SEED=${seed}: ${error.message}`
      throw error
    }
  }
}

/** One of a list. */
export function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)]!
}
