import { existsSync } from 'node:fs'
import { relative } from 'node:path'
import { formatCount, formatSeconds } from '../core/text.ts'
import { readScores, type Scores, scoreAt } from '../evaluate/index.ts'
import { type RecordedRun, stateOf, type Version } from '../experiment/index.ts'
import { lastEvent, type RunFolder, type TrainResult } from '../run/index.ts'
import { table } from './output.ts'

/** The runs while they are at work: those at work with their progress, and how many are done and waiting. */
export function liveLines(version: Version, ids: string[], active: ReadonlySet<string>): string[] {
  const runs = version.record.runs.filter(({ id }) => ids.includes(id))
  const rows = runs.filter(({ id }) => active.has(id)).map((run) => liveRow(version, run))
  const rest = runs.filter(({ id }) => !active.has(id))
  const states = new Map<string, number>()
  for (const run of rest) {
    const { state } = stateOf(version, run)
    const name =
      { skipped: 'not at this scale', unprepared: 'without a text', missing: 'waiting', trained: 'waiting' }[
        state as string
      ] ?? state
    states.set(name, (states.get(name) ?? 0) + 1)
  }
  const counts = [...states].map(([state, count]) => `${count} ${state}`)
  return [
    ...(rows.length > 0
      ? table([['run', 'epoch', 'done', 'words/s', 'loss', 'left', ''], ...rows]).split('\n')
      : []),
    `${version.name}: ${[`${active.size} at work`, ...counts].join(', ')}`,
  ]
}

function liveRow(version: Version, run: RecordedRun): string[] {
  const folder = version.folderOf(run)!
  const progress = lastEvent(folder.events, 'progress')
  if (!progress) return [run.id, '', '', '', '', '', 'reading the text']
  const { epoch, fraction, wordsPerSecond, loss, secondsLeft } = progress
  if (fraction >= 1) return [run.id, String(epoch), '100 %', '', '', '', 'being scored']
  const bar = '█'.repeat(Math.round(10 * fraction)).padEnd(10, '░')
  return [
    run.id,
    String(epoch),
    `${bar} ${(100 * fraction).toFixed(0).padStart(3)} %`,
    `${formatCount(wordsPerSecond / 1000)}k`,
    loss === null ? '–' : loss.toFixed(3),
    secondsLeft === null ? '–' : formatSeconds(secondsLeft),
    '',
  ]
}

/** The runs with their states and scores. */
export function runTable(version: Version, ids: ReadonlySet<string>): string {
  const runs = version.record.runs.filter(({ id }) => ids.has(id))
  const paths = scorePaths(version)
  return table(
    [
      ['run', 'state', 'words', 'time', ...paths],
      ...runs.map((run) => {
        const { state, why } = stateOf(version, run)
        const folder = version.folderOf(run)
        const result = resultOf(folder)
        const scores = folder && scoresOf(folder)
        return [
          run.id,
          state === 'failed' ? `${state}: ${(why ?? '').split('\n')[0]!.slice(0, 60)}` : state,
          result ? formatCount(result.words) : '',
          result ? formatSeconds(result.seconds) : '',
          ...paths.map((path) => scoreText(scores, path)),
        ]
      }),
    ],
    [0, 1],
  )
}

/** The same for machines. */
export function runsJson(version: Version, ids: readonly string[]) {
  const { name, version: number, scale, runs } = version.record
  return {
    type: 'experiment',
    name,
    version: number,
    scale,
    folder: version.path,
    runs: runs
      .filter(({ id }) => ids.includes(id))
      .map((run) => {
        const { state, why } = stateOf(version, run)
        const folder = version.folderOf(run)
        return {
          id: run.id,
          state,
          ...(why !== undefined && { why }),
          folder: folder ? relative('.', folder.path) : null,
          result: resultOf(folder),
          scores: (folder && scoresOf(folder)) ?? null,
        }
      }),
  }
}

/** Up to four numbers that tell most. */
function scorePaths({ record }: Version): string[] {
  const { analogies = [], pairs = [], odd = [], completion = [] } = record.evaluate ?? {}
  const names = (measures: typeof analogies) =>
    measures.map((measure) =>
      typeof measure === 'string' ? baseName(measure) : (measure.name ?? baseName(measure.file)),
    )
  return [...names(completion), ...names(analogies), ...names(pairs), ...names(odd)].slice(0, 4)
}

function baseName(path: string): string {
  return path
    .split('/')
    .at(-1)!
    .replace(/\.[^.]+$/, '')
}

/** Null if it has none, or is damaged. */
function resultOf(folder: RunFolder | undefined): TrainResult | null {
  try {
    return folder?.exists() ? folder.read().result : null
  } catch {
    return null
  }
}

function scoresOf(folder: RunFolder): Scores | undefined {
  try {
    return existsSync(folder.scores) ? readScores(folder) : undefined
  } catch {
    return undefined
  }
}

function scoreText(scores: Scores | undefined, path: string): string {
  const value = scores && scoreAt(scores, path)
  return value == null ? '–' : value.toFixed(3)
}
