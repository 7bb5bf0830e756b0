import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { MillraceError } from '../core/errors.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import {
  configOf,
  type Expansion,
  findVersion,
  isFetchable,
  prepareQuestions,
  prepareRuns,
  type Recipe,
  type RecordedRun,
  type RunState,
  sharingOf,
  stateOf,
  type Version,
} from '../experiment/index.ts'
import { lastEvent, type RunFolder } from '../run/index.ts'
import { millraceVersion } from '../runtime/version.ts'
import { planRun, type RunPlan } from '../train/index.ts'
import { availableMemory } from '../word2vec/index.ts'
import { type ExperimentOptions, stepText } from './experiment.ts'
import { note, print, printJson, table } from './output.ts'
import { LiveLine } from './progress.ts'

interface PlannedLine {
  run: RecordedRun
  state: RunState
  why?: string
  plan?: RunPlan
  /** That training would still take; null if that is not known. */
  seconds?: number | null
  /** Why it would not be run at all. */
  refusal?: string
}

/** Long enough to tell minutes from hours. */
const measureMs = 300

/** Tells what an experiment would do: its runs, their memory plans and times. Nothing is fetched, and no run begun; texts are cut. */
export async function dryRun(
  recipe: Recipe,
  expansion: Expansion,
  ids: ReadonlySet<string>,
  options: ExperimentOptions,
): Promise<void> {
  const line = new LiveLine()
  const missing: string[] = []
  let isLacking = false
  const onMissing = (error: MillraceError) => {
    missing.push(error.message)
    // What a run would fetch is not in its way.
    isLacking ||= !isFetchable(error)
  }
  const onProgress = (...step: Parameters<typeof stepText>) => line.show(stepText(...step))
  const here = { fetch: false, onMissing, onProgress }
  const evaluate = await prepareQuestions(expansion.evaluate, here)
  const prepared = await prepareRuns(expansion.runs, { ...here, ids })
  const version = findVersion(options.runs, recipe, { ...expansion, evaluate }, prepared, millraceVersion)
  const sharing = sharingOf(version, { ...options, cores: availableParallelism() })
  const lines: PlannedLine[] = []
  for (const run of version.record.runs) {
    if (!ids.has(run.id)) continue
    line.show(`planning ${run.id}`)
    lines.push(await planLine(version, run, sharing.threads))
  }
  line.end()
  const seconds = timeOf(lines, sharing.parallel)
  if (options.json) {
    printJson({
      type: 'dry-run',
      name: recipe.name,
      version: version.record.version,
      scale: expansion.scale,
      folder: version.path,
      sharing,
      seconds,
      missing,
      runs: lines.map((line) => ({
        id: line.run.id,
        values: line.run.values,
        state: line.state,
        ...(line.why !== undefined && { why: line.why }),
        corpus: line.run.corpus,
        memoryBytes: line.plan?.memory.bytes ?? null,
        trainSeconds: line.seconds ?? null,
        refusals: refusalsOf(line),
      })),
    })
  } else tell(version, lines, sharing, seconds)
  for (const text of new Set(missing)) note(`\n${text}`)
  if (isLacking || lines.some((line) => refusalsOf(line).length > 0)) process.exitCode = 2
}

async function planLine(version: Version, run: RecordedRun, threads: number): Promise<PlannedLine> {
  const { state, why } = stateOf(version, run)
  const line = { run, state, ...(why !== undefined && { why }) }
  const folder = version.folderOf(run)
  if (!run.corpus || !folder || ['complete', 'trained', 'skipped', 'unprepared'].includes(state)) return line
  const config = { ...configOf(run), threads }
  try {
    const plan = await planRun({ corpus: run.corpus.paths, out: folder.path, config, measureMs })
    return { ...line, plan, seconds: secondsLeft(plan, folder) }
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return { ...line, refusal: error.message }
  }
}

/** Of what is not in the run's last checkpoint. */
export function secondsLeft(
  { config, vocabulary, time: { wordsPerSecond } }: Pick<RunPlan, 'config' | 'vocabulary' | 'time'>,
  folder: RunFolder,
): number | null {
  if (wordsPerSecond === null) return null
  const done = lastEvent(folder.events, 'checkpoint')?.words ?? 0
  return Math.max(0, config.epochs * vocabulary.corpusWords - done) / wordsPerSecond
}

/** Of what is to be run, several at a time, however they fall. */
function timeOf(lines: PlannedLine[], parallel: number): number | null {
  const times = lines.flatMap(({ seconds }) => (seconds === undefined ? [] : [seconds]))
  if (times.includes(null)) return null
  const sum = times.reduce<number>((total, time) => total + time!, 0)
  return Math.max(sum / parallel, ...times.map((time) => time!), 0)
}

function tell(
  version: Version,
  lines: PlannedLine[],
  { threads, parallel }: ReturnType<typeof sharingOf>,
  seconds: number | null,
): void {
  const { scale } = version.record
  print(
    `${version.name}${scale === null ? '' : ` at the scale ${scale}`}, in ${relative('.', version.path) || '.'}\n`,
  )
  print(
    table(
      [
        ['run', 'state', 'words', 'vocabulary', 'epochs', 'memory', 'time'],
        ...lines.map(({ run, state, why, plan, seconds }) => [
          run.id,
          state === 'skipped' || state === 'unprepared' ? (why ?? state) : state,
          plan ? formatCount(plan.vocabulary.corpusWords) : run.corpus ? formatCount(run.corpus.words) : '',
          plan ? formatCount(plan.vocabulary.words) : '',
          plan ? String(plan.config.epochs) : '',
          plan ? formatBytes(plan.memory.bytes) : '',
          seconds == null ? '' : formatSeconds(seconds),
        ]),
      ],
      [0, 1],
    ),
  )
  const { bytes, of } = availableMemory()
  const toRun = lines.filter(({ plan }) => plan).length
  const each = `${threads} ${threads === 1 ? 'thread' : 'threads'} each`
  print(
    `\n${toRun} to run, ${Math.min(parallel, Math.max(1, toRun))} at once with ${each}, in ${formatBytes(bytes)} (${of})` +
      (seconds === null ? '' : `: about ${formatSeconds(seconds)}`),
  )
  for (const line of lines) for (const refusal of refusalsOf(line)) note(`\n${line.run.id}: ${refusal}`)
}

function refusalsOf({ plan, refusal }: PlannedLine): string[] {
  return refusal === undefined ? (plan?.refusals.map(({ message }) => message) ?? []) : [refusal]
}
