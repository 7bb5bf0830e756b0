import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import type { CatalogueRun } from './catalogue.ts'
import { flatScoreAt } from './flat-scores.ts'

export type FieldValue = string | number | boolean | null

/** `dim=300`, `questions-words.total>0.3`, `status=complete`, `corpus~wiki`. */
export interface Condition {
  field: string
  operator: '=' | '!=' | '<' | '<=' | '>' | '>=' | '~'
  value: string
}

export interface RunQuery {
  /** All of them hold. */
  where?: Condition[]
  /** Fields, the first counts most; with `-` before it, the highest comes first. What has no value comes last. */
  sort?: string[]
  limit?: number
  /** Config of a run that does not say otherwise: older versions knew fewer keys. */
  defaults?: Record<string, unknown>
}

/** Fields of a run beside its config and scores. */
const fields: Record<string, (run: CatalogueRun) => FieldValue> = {
  name: ({ name }) => name,
  family: ({ family }) => family,
  version: ({ version }) => version,
  status: ({ state }) => state,
  corpus: ({ corpus }) => corpus.label || null,
  corpusWords: ({ corpus }) => corpus.words,
  corpusBytes: ({ corpus }) => corpus.bytes,
  fingerprint: ({ corpus }) => corpus.fingerprint,
  words: ({ words }) => words,
  seconds: ({ seconds }) => seconds,
  wallSeconds: ({ wallSeconds }) => wallSeconds,
  wordsPerSecond: ({ wordsPerSecond }) => wordsPerSecond,
  vocabulary: ({ vocabulary }) => vocabulary,
  peakRssBytes: ({ peakRssBytes }) => peakRssBytes,
  finalLoss: ({ finalLoss }) => finalLoss,
  fraction: ({ fraction }) => fraction,
  attempt: ({ attempt }) => attempt,
  restarts: ({ restarts }) => restarts,
  created: ({ createdAt }) => createdAt,
  changed: ({ changedAt }) => changedAt,
  bytes: ({ bytes }) => bytes,
  checkpointBytes: ({ checkpointBytes }) => checkpointBytes,
  millrace: ({ millrace }) => millrace,
  error: ({ fault, error }) => fault ?? error,
}

export const runFields = Object.keys(fields)

/** throws  ConfigError if it is no condition */
export function parseCondition(text: string): Condition {
  const found = /^([^=!<>~]+)(!=|<=|>=|==?|<|>|~)(.*)$/.exec(text)
  if (found)
    return {
      field: found[1]!.trim(),
      operator: found[2]!.replace('==', '=') as Condition['operator'],
      value: found[3]!.trim(),
    }
  throw new ConfigError('RUNS_WHERE', {
    what: `${text} is no condition`,
    why: 'it is made of a field, one of = != < <= > >= ~, and a value',
    mend: "write it like --where dim=300 or --where 'questions-words.total>0.3'",
  })
}

/** A field of a run: one of `runFields`, a config key, or a score's path. Null where it has none. */
export function fieldOf(
  run: CatalogueRun,
  field: string,
  defaults: Record<string, unknown> = {},
): FieldValue {
  const name = field.replace(/^(config|scores)\./, '')
  if (name === field && Object.hasOwn(fields, field)) return fields[field]!(run)
  if (!field.startsWith('scores.') && (Object.hasOwn(run.config, name) || Object.hasOwn(defaults, name)))
    return plain(run.config[name] ?? defaults[name])
  return flatScoreAt(run.scores, name) ?? null
}

/**
 * The runs that conditions hold for, in order.
 *
 * throws  ConfigError for a field that no run and no default has, with the nearest; or a comparison with what is no number
 */
export function selectRuns(
  runs: readonly CatalogueRun[],
  { where = [], sort = [], limit, defaults = {} }: RunQuery,
): CatalogueRun[] {
  const keys = sort.map((key) => ({ field: key.replace(/^-/, ''), sign: key.startsWith('-') ? -1 : 1 }))
  requireFields(
    [...where, ...keys].map(({ field }) => field),
    runs,
    defaults,
  )
  const tests = where.map((condition) => testOf(condition))
  const found = runs.filter((run) => where.every(({ field }, i) => tests[i]!(fieldOf(run, field, defaults))))
  if (keys.length > 0) {
    const values = new Map(found.map((run) => [run, keys.map(({ field }) => fieldOf(run, field, defaults))]))
    found.sort((a, b) => {
      for (const [i, { sign }] of keys.entries()) {
        const order = compareValues(values.get(a)![i]!, values.get(b)![i]!, sign)
        if (order !== 0) return order
      }
      return 0
    })
  }
  return found.slice(0, limit)
}

/** throws  ConfigError for a field that there is not, with the nearest that there is */
export function requireFields(
  asked: readonly string[],
  runs: readonly CatalogueRun[],
  defaults: Record<string, unknown> = {},
): void {
  if (runs.length === 0) return
  for (const field of asked) {
    const name = field.replace(/^(config|scores)\./, '')
    const isKnown =
      (name === field && Object.hasOwn(fields, field)) ||
      Object.hasOwn(defaults, name) ||
      runs.some(
        ({ config, scores }) => Object.hasOwn(config, name) || flatScoreAt(scores, name) !== undefined,
      )
    if (!isKnown) throw unknownField(field, runs, defaults)
  }
}

function unknownField(
  field: string,
  runs: readonly CatalogueRun[],
  defaults: Record<string, unknown>,
): ConfigError {
  const known = new Set([...runFields, ...Object.keys(defaults)])
  for (const { config, scores } of runs)
    for (const name of [...Object.keys(config), ...Object.keys(scores)]) known.add(name)
  const nearest = nearestName(field, known)
  const scores = [...new Set(runs.flatMap(({ mainScores }) => mainScores))]
  const some = scores.length > 0 ? `; scores such as ${scores.slice(0, 4).join(', ')}` : '; no run has scores'
  return new ConfigError('RUNS_FIELD', {
    what: `no run here has a field ${field}`,
    mend: nearest
      ? `did you mean ${nearest}?`
      : `there are the keys of the config, ${runFields.join(', ')}${some}`,
  })
}

function testOf({ field, operator, value }: Condition): (found: FieldValue) => boolean {
  const number = numberOf(value, field)
  const isNone = value === '' || value === 'none' || value === 'null'
  const equals = (found: FieldValue) =>
    found === null
      ? isNone
      : typeof found === 'number' && number !== undefined
        ? found === number
        : String(found) === value
  switch (operator) {
    case '=':
      return equals
    case '!=':
      return (found) => !equals(found)
    case '~':
      return (found) => found !== null && String(found).toLowerCase().includes(value.toLowerCase())
  }
  const holds = {
    '<': (order: number) => order < 0,
    '<=': (order: number) => order <= 0,
    '>': (order: number) => order > 0,
    '>=': (order: number) => order >= 0,
  }[operator]
  return (found) => {
    if (found === null) return false
    if (typeof found !== 'number') return holds(String(found) < value ? -1 : String(found) > value ? 1 : 0)
    if (number === undefined)
      throw new ConfigError('RUNS_WHERE', {
        what: `${field}${operator}${value} cannot be told`,
        why: `${field} is a number, and ${value || 'nothing'} is none`,
        mend: `write it like ${field}${operator}${found}`,
      })
    return holds(found - number)
  }
}

const thousands: Record<string, number> = { k: 1, m: 2, g: 3, t: 4 }

/** `16M` words are 16,000,000; of bytes it is 16 MiB. `30%` is 0.3. */
function numberOf(text: string, field: string): number | undefined {
  if (text === '') return undefined
  const found = /^(-?\d+(?:\.\d+)?)(?:([kmgt])(?:i?b)?|(%))$/i.exec(text)
  if (!found) return Number.isNaN(Number(text)) ? undefined : Number(text)
  const [, digits, unit, percent] = found
  if (percent) return Number(digits) / 100
  const base = /bytes$|^memory$/i.test(field) ? 1024 : 1000
  return Number(digits) * base ** thousands[unit!.toLowerCase()]!
}

const collator = new Intl.Collator('en', { numeric: true })

/** What has no value comes last, whichever way the others go. */
function compareValues(a: FieldValue, b: FieldValue, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b)
  return sign * collator.compare(String(a), String(b))
}

function plain(value: unknown): FieldValue {
  if (value === null || value === undefined) return null
  return ['string', 'number', 'boolean'].includes(typeof value)
    ? (value as FieldValue)
    : JSON.stringify(value)
}
