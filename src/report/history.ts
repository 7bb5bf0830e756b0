import { type RunEvent, type RunFile, type RunFolder, readEvents, stateOfRun } from '../run/index.ts'

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>

/** What a run folder tells of its run, however far the run came. Figures are null where nothing was recorded. */
export interface RunHistory {
  run: RunFile
  /** See `stateOfRun`. */
  state: RunFile['status'] | 'dead'
  /** Of the whole run, 0 to 1. */
  fraction: number
  progress: EventOf<'progress'>[]
  epochs: EventOf<'epoch'>[]
  /** Each time that the vectors were scored while they were trained. */
  scores: EventOf<'scores'>[]
  warnings: string[]
  words: number
  vocabulary: number | null
  /** Training seconds, over all attempts. */
  seconds: number | null
  wordsPerSecond: number | null
  /** Words of the corpus in vocabulary or not, and its bytes. */
  corpus: { words: number; bytes: number } | null
  peakRssBytes: number | null
  planBytes: number | null
  restarts: number
  checkpointCount: number
  secondsLeft: number | null
}

/** throws  InputError if the folder holds no run */
export function readHistory(folder: RunFolder): RunHistory {
  const run = folder.read()
  const events = readEvents(folder.events)
  const ofType = <T extends RunEvent['type']>(type: T) =>
    events.filter((event): event is EventOf<T> => event.type === type)
  const progress = ofType('progress')
  const counted = ofType('vocabulary').at(-1)
  const last = progress.at(-1)
  const { result } = run
  // Not the last event's: how a run ended is written without a count.
  const words = result?.words ?? highest(events.map((event) => event.words)) ?? 0
  const seconds = result?.seconds ?? last?.seconds ?? null
  return {
    run,
    state: stateOfRun(folder, run.status),
    fraction: run.status === 'complete' ? 1 : (last?.fraction ?? 0),
    progress,
    epochs: ofType('epoch'),
    scores: ofType('scores'),
    warnings: events.flatMap((event) =>
      event.type === 'warning'
        ? [event.message]
        : event.type === 'death'
          ? [`the trainer ended before its time: ${event.message}`]
          : [],
    ),
    words,
    vocabulary: result?.vocabulary ?? counted?.vocabulary ?? null,
    seconds,
    wordsPerSecond: result?.wordsPerSecond ?? (last && seconds ? last.words / seconds : null),
    corpus: counted ? { words: counted.corpusWords, bytes: counted.corpusBytes } : null,
    peakRssBytes: result?.peakRssBytes ?? highest(progress.map(({ rssBytes }) => rssBytes)),
    planBytes: ofType('plan').at(-1)?.bytes ?? last?.planBytes ?? null,
    restarts: result?.restarts ?? Math.max(0, run.attempt - 1),
    checkpointCount: ofType('checkpoint').length,
    secondsLeft: last?.secondsLeft ?? null,
  }
}

function highest(values: number[]): number | null {
  return values.length === 0 ? null : values.reduce((a, b) => Math.max(a, b))
}
