import { existsSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { InputError, MillraceError, StoppedError } from '../core/errors.ts'
import { dataFile, fetchData, findEntry, type PreparedCorpus, prepareCorpus } from '../data/index.ts'
import { checkQuestions, type Questions } from '../evaluate/index.ts'
import { initFingerprint } from '../train/index.ts'
import type { Expansion } from './expand.ts'
import type { PreparedRun } from './find-version.ts'
import type { RecordedCorpus } from './record.ts'

export interface PrepareOptions {
  /** Whether what is not here is fetched. */
  fetch: boolean
  /** Only the corpora of these runs. */
  ids?: ReadonlySet<string>
  signal?: AbortSignal | undefined
  /** What is done, how far, and of how much where that is known. */
  onProgress?: (step: string, done: number, total: number | null) => void
  /** Told of each thing that could not be got ready, and nothing is thrown. */
  onMissing?: (error: MillraceError) => void
}

/**
 * Gets the corpora of runs ready: fetched, unpacked, cut, phrases joined. Each of them once; and looks at the vectors
 * that runs begin with. A run of which one cannot be had says why (`fault`), and is in no other's way.
 *
 * throws  what the first run lacks if no run can be got ready, unless `onMissing` is told; StoppedError
 */
export async function prepareRuns(runs: Expansion['runs'], options: PrepareOptions): Promise<PreparedRun[]> {
  const { fetch, ids, signal, onProgress, onMissing } = options
  const texts = new Map<string, Ready<RecordedCorpus>>()
  const inits = new Map<string, Ready<string>>()
  const prepared: PreparedRun[] = []
  const faults: MillraceError[] = []
  let wanted = 0
  for (const run of runs) {
    if (run.skipped !== null || (ids && !ids.has(run.id))) {
      prepared.push({ ...run, prepared: null })
      continue
    }
    wanted++
    const text = await once(texts, JSON.stringify(run.corpus), onMissing, async () =>
      recorded(await prepareCorpus(run.corpus, { fetch, signal, onProgress })),
    )
    const { init: path } = run.config
    const init =
      path === undefined ? undefined : await once(inits, path, onMissing, async () => initFingerprint(path))
    const error = text.error ?? init?.error
    if (error) faults.push(error)
    prepared.push({
      ...run,
      prepared: text.value ?? null,
      init: init?.value ?? null,
      fault: error && !onMissing ? error.parts.what : null,
    })
  }
  if (wanted > 0 && faults.length === wanted && !onMissing) throw faults[0]!
  return prepared
}

/**
 * What is scored, with the paths of its files.
 *
 * throws  InputError or ConfigError if a file is not there, or is asked in a way that there is not, unless `onMissing`
 *         is told
 */
export async function prepareQuestions(
  evaluate: Expansion['evaluate'],
  { fetch, signal, onProgress, onMissing }: PrepareOptions,
): Promise<Expansion['evaluate']> {
  if (!evaluate) return undefined
  let isWhole = true
  const at = async (name: string) => {
    const { value, error } = await attempt(async () => {
      if (isAbsolute(name)) return requireFile(name)
      if (!fetch) return dataFile(name)
      return (await fetchData(name, { signal, onProgress })).path
    })
    if (error) tell(error, onMissing)
    isWhole &&= value !== undefined
    return value ?? name
  }
  const resolved = { ...evaluate }
  for (const kind of ['analogies', 'pairs', 'odd', 'completion'] as const) {
    const measures: typeof evaluate.analogies = []
    for (const measure of evaluate[kind]) {
      const { file, name, answers, ...rest } =
        typeof measure === 'string' ? { file: measure, name: undefined, answers: undefined } : measure
      const path = await at(file)
      // What was asked for by a name is called by it, whatever its file is called.
      const { method = 'add' } = rest as { method?: string }
      const given = name ?? (path === file ? undefined : method === 'add' ? file : `${file}-${method}`)
      measures.push({
        ...rest,
        file: path,
        ...(given !== undefined && { name: given }),
        ...(answers !== undefined && { answers: await at(answers) }),
      })
    }
    resolved[kind] = measures
  }
  const { error } = isWhole ? await attempt(async () => checkQuestions(resolved as Questions)) : {}
  if (error) tell(error, onMissing)
  return resolved
}

function requireFile(path: string): string {
  if (existsSync(path)) return path
  throw new InputError('QUESTIONS_MISSING', {
    what: `there is no file ${path}, which the recipe asks questions of`,
    mend: 'name one relative to the recipe, or one that `millrace data list` knows',
  })
}

/** Whether what is missing is only not on this machine yet, and a run would get it. */
export function isFetchable({ code, parts }: MillraceError): boolean {
  const [, name] = /^millrace data get (\S+)$/.exec(code === 'DATA_NOT_HERE' ? (parts.mend ?? '') : '') ?? []
  const entry = name === undefined ? undefined : findEntry(name)
  return entry?.download !== undefined || entry?.packed !== undefined
}

function recorded({ label, sha256, bytes, words, paths }: PreparedCorpus): RecordedCorpus {
  return { label, sha256, bytes, words, paths }
}

/** What was got ready, or why it was not. */
interface Ready<T> {
  value?: T
  error?: MillraceError
}

async function once<T>(
  known: Map<string, Ready<T>>,
  key: string,
  onMissing: PrepareOptions['onMissing'],
  work: () => Promise<T>,
): Promise<Ready<T>> {
  const before = known.get(key)
  if (before) return before
  const ready = await attempt(work)
  if (ready.error) onMissing?.(ready.error)
  known.set(key, ready)
  return ready
}

async function attempt<T>(work: () => Promise<T>): Promise<Ready<T>> {
  try {
    return { value: await work() }
  } catch (error) {
    if (!(error instanceof MillraceError) || error instanceof StoppedError) throw error
    return { error }
  }
}

function tell(error: MillraceError, onMissing: PrepareOptions['onMissing']): void {
  if (!onMissing) throw error
  onMissing(error)
}
