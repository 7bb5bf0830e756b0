import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { countCorpus } from './count.ts'
import { type CountingPlan, countingParts, expectedDistinct, planCounting } from './count-plan.ts'

const root = join(import.meta.dirname, '../..')
const sum = (parts: Record<string, number>) => Object.values(parts).reduce((total, bytes) => total + bytes, 0)

test('the law of distinct words is near the corpora that it was measured on', () => {
  // Of Korean Wikipedia; English has fewer, and more threads have fewer each.
  const measured = [
    [1e6, 41_588],
    [2e7, 465_147],
    [8e7, 1_316_670],
  ] as const
  for (const [bytes, distinct] of measured)
    expect(Math.abs(expectedDistinct(bytes) / distinct - 1)).toBeLessThan(0.05)
  expect(expectedDistinct(2)).toBeLessThanOrEqual(1)
})

test('the least is below what is expected, and that below the most', () => {
  for (const corpusBytes of [1, 1000, 1e6, 1e9, 1e12]) {
    for (const threads of [1, 2, 16]) {
      const { bytes, least, most, parts } = planCounting(corpusBytes, threads)
      expect(least).toBeLessThanOrEqual(bytes)
      expect(bytes).toBeLessThanOrEqual(most * 1.01)
      expect(sum(parts)).toBe(bytes)
    }
  }
  // A text of one block is counted by one thread.
  expect(planCounting(1000, 8)).toEqual(planCounting(1000, 1))
})

test('a memory that is too little for any text is refused before the text is read', async () => {
  const file = { path: '/there/is/no/such/file', bytes: 1e9, mtimeMs: 0 }
  const options = { tokenizer: 'whitespace', minCount: 1, threads: 4 } as const
  const { least } = planCounting(file.bytes, 4)
  const alone = planCounting(file.bytes, 1).least
  const told: CountingPlan[] = []
  const onPlan = (plan: CountingPlan) => void told.push(plan)
  const counting = (memory: number) => countCorpus([file], { ...options, memory, onPlan })
  await expect(counting(least - 1)).rejects.toThrow(
    /^to count the words of 954 MiB of text takes .* at least\n.*the limit is .*\n.*--threads 1/,
  )
  await expect(counting(alone - 1)).rejects.toThrow('the engine alone takes')
  expect(told).toEqual([])
  await expect(counting(least)).rejects.toThrow('/there/is/no/such/file')
  expect(told).toEqual([planCounting(file.bytes, 4)])
})

// Counts in a process of its own, as built: what runs from sources has the memory of the compiler too.
const built = existsSync(join(root, 'dist/train/index.js'))
test.skipIf(!built || process.platform !== 'linux').each([1, 2])(
  'counting takes what the formula says of the words there are, within a twentieth (needs npm run build, Linux): %i threads',
  (threads) => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const [text, script] = [join(folder, 'text.txt'), join(folder, 'count.mjs')]
    const distinct = 200_000
    // All words many times over, so that each thread meets all of them, though it may start late.
    const lines = Array.from({ length: distinct / 20 }, (_, i) =>
      Array.from({ length: 20 }, (_, j) => `word${(20 * i + j).toString(36)}`).join(' '),
    )
    writeFileSync(text, `${lines.join('\n')}\n`.repeat(20))
    writeFileSync(
      script,
      `import { readFileSync } from 'node:fs'
import { runTraining } from ${JSON.stringify(pathToFileURL(join(root, 'dist/train/index.js')))}
const counted = ({ distinctWords }) => {
  const [, peak] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  console.log(JSON.stringify({ distinct: distinctWords, peak: Number(peak) * 1024 }))
  process.exit()
}
const config = { minCount: 1, threads: ${threads} }
await runTraining({ corpus: [${JSON.stringify(text)}], out: ${JSON.stringify(join(folder, 'run'))}, config, observer: { counted } })
`,
    )
    const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: 30_000 })
    expect(stderr).toBe('')
    const counted = JSON.parse(stdout)
    expect(counted.distinct).toBe(distinct)
    const words = { distinct, distinctEach: distinct, kept: distinct, wordBytes: 8 }
    const ratio = counted.peak / sum(countingParts(statSync(text).size, threads, words))
    rmSync(folder, { recursive: true })
    expect(Math.abs(ratio - 1), `peak / plan ${ratio.toFixed(3)}`).toBeLessThan(0.05)
  },
  30_000,
)
