import { styleText } from 'node:util'
import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import type { CatalogueRun, FieldValue, RunState } from '../run/index.ts'
import { keyClass, parseTrainConfig, type TrainKey, trainKeys } from '../word2vec/index.ts'

/** What a run's config has where it does not say: the rate is always said, and `init` has none. */
export const configDefaults: Record<string, unknown> = (() => {
  const { lr: _, ...rest } = parseTrainConfig({})
  return Object.fromEntries(trainKeys.map((key) => [key, (rest as Record<string, unknown>)[key] ?? null]))
})()

/** Keys that say how a run is run, and not what it is. */
export const operationalKeys: ReadonlySet<string> = new Set(
  trainKeys.filter((key: TrainKey) => keyClass(key) === 'operational'),
)

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const byteFields = new Set(['bytes', 'checkpointBytes', 'corpusBytes', 'peakRssBytes', 'memory'])
const countFields = new Set(['words', 'corpusWords', 'wordsPerSecond', 'vocabulary'])

/** A field's value as people read it. `isScore`: of the scores, where correlations are told apart by their path. */
export function formatField(field: string, value: FieldValue, isScore = false): string {
  if (value === null || value === '') return '–'
  if (typeof value !== 'number') {
    if (field === 'fingerprint') return String(value).slice(0, 12)
    if (field === 'created' || field === 'changed') return String(value).slice(0, 16).replace('T', ' ')
    return String(value)
  }
  if (isScore) return formatScore(field, value)
  if (byteFields.has(field)) return formatBytes(value)
  if (countFields.has(field)) return value < 100_000 ? formatCount(value) : compact.format(value)
  if (field === 'seconds' || field === 'wallSeconds') return formatSeconds(value)
  if (field === 'finalLoss') return value.toFixed(4)
  if (field === 'fraction') return `${Math.floor(100 * value)} %`
  return String(value)
}

export function isCorrelation(path: string): boolean {
  return /\.(spearman|pearson)$/.test(path)
}

export function formatScore(path: string, value: number): string {
  return isCorrelation(path) ? value.toFixed(3) : `${(100 * value).toFixed(1)} %`
}

/** How far a score is above another one, with its sign; in points of a hundred, but for correlations. */
export function formatDifference(path: string, difference: number): string {
  const text = isCorrelation(path) ? difference.toFixed(3) : (100 * difference).toFixed(1)
  return Number(text) === 0 ? '±0' : difference > 0 ? `+${text}` : text.replace('-', '−')
}

/** `complete`, or with how far it came: `dead at 45 %`. */
export function formatState({ state, fraction }: Pick<CatalogueRun, 'state' | 'fraction'>): string {
  const percent = `${Math.floor(100 * fraction)} %`
  const text = state === 'complete' || state === 'damaged' ? state : `${state} ${percent}`
  return styleText(stateColour[state], text, { stream: process.stdout })
}

const stateColour: Record<RunState, Parameters<typeof styleText>[0]> = {
  complete: 'green',
  running: 'cyan',
  stopped: 'yellow',
  failed: 'red',
  dead: 'red',
  damaged: 'red',
}

export function heading(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

export function quiet(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

/** How long ago: `5 min`, `3 h`, `12 d`. */
export function formatAge(createdAt: string | null, now: number): string {
  const seconds = (now - Date.parse(createdAt ?? '')) / 1000
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 60) return 'now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
