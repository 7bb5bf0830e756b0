import { isAbsolute } from 'node:path'
import { dataFile, fetchData, type PreparedCorpus, prepareCorpus } from '../data/index.ts'
import type { Expansion } from './expand.ts'
import type { RecordedCorpus } from './record.ts'
import type { PreparedRun } from './version.ts'

export interface PrepareOptions {
  /** Whether what is not here is fetched. */
  fetch: boolean
  /** Only the corpora of these runs. */
  ids?: ReadonlySet<string>
  signal?: AbortSignal | undefined
  /** What is done, how far, and of how much where that is known. */
  onProgress?: (step: string, done: number, total: number | null) => void
  /** Told of what could not be got ready; without it, that is thrown. */
  onMissing?: (error: unknown) => void
}

/** Gets the corpora of runs ready: fetched, unpacked, cut, phrases joined. Each of them once. */
export async function prepareRuns(runs: Expansion['runs'], options: PrepareOptions): Promise<PreparedRun[]> {
  const { fetch, ids, signal, onProgress, onMissing } = options
  const known = new Map<string, RecordedCorpus | null>()
  const prepared: PreparedRun[] = []
  for (const run of runs) {
    const key = JSON.stringify(run.corpus)
    const isWanted = run.skipped === null && (!ids || ids.has(run.id))
    if (isWanted && !known.has(key))
      known.set(
        key,
        await attempt(
          async () => recorded(await prepareCorpus(run.corpus, { fetch, signal, onProgress })),
          onMissing,
        ),
      )
    prepared.push({ ...run, prepared: (isWanted && known.get(key)) || null })
  }
  return prepared
}

/** What is scored, with the paths of its files. */
export async function prepareQuestions(
  evaluate: Expansion['evaluate'],
  { fetch, signal, onProgress, onMissing }: PrepareOptions,
): Promise<Expansion['evaluate']> {
  if (!evaluate) return undefined
  const at = async (name: string) => {
    if (isAbsolute(name)) return name
    const get = async () => (fetch ? (await fetchData(name, { signal, onProgress })).path : dataFile(name))
    return (await attempt(get, onMissing)) ?? name
  }
  const resolved = { ...evaluate }
  for (const kind of ['analogies', 'pairs', 'odd', 'completion'] as const) {
    const measures: typeof evaluate.analogies = []
    for (const measure of evaluate[kind]) {
      const { file, name, ...rest } =
        typeof measure === 'string' ? { file: measure, name: undefined } : measure
      const path = await at(file)
      // What was asked for by a name is called by it, whatever its file is called.
      const { method = 'add' } = rest as { method?: string }
      const given = name ?? (path === file ? undefined : method === 'add' ? file : `${file}-${method}`)
      measures.push({ ...rest, file: path, ...(given !== undefined && { name: given }) })
    }
    resolved[kind] = measures
  }
  return resolved
}

function recorded({ label, sha256, bytes, words, paths }: PreparedCorpus): RecordedCorpus {
  return { label, sha256, bytes, words, paths }
}

async function attempt<T>(work: () => Promise<T>, onMissing?: (error: unknown) => void): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (!onMissing) throw error
    onMissing(error)
    return null
  }
}
