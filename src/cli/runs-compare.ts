import { relative } from 'node:path'
import { ConfigError } from '../core/errors.ts'
import { formatCount } from '../core/text.ts'
import {
  type CatalogueRun,
  type ComparedField,
  compareRuns,
  compareVersions,
  type FieldValue,
  type Found,
  type FoundVersion,
  findRun,
  RunFolder,
  readRun,
  type VersionComparison,
} from '../run/index.ts'
import { fitTable } from './fit-table.ts'
import { note, print, printJson } from './output.ts'
import {
  configDefaults,
  formatDifference,
  formatField,
  heading,
  isCorrelation,
  quiet,
} from './runs-format.ts'
import type { RunsOptions } from './runs-options.ts'
import { onlyRun } from './runs-path.ts'

/** `millrace runs compare` */
export function compare(names: string[], { runs, json, full }: RunsOptions & { full?: boolean }): void {
  if (names.length < 2)
    throw new ConfigError('RUNS_COMPARE', {
      what: `${names[0]} alone cannot be compared`,
      mend: `name another one: millrace runs compare ${names[0]} OTHER`,
    })
  const found = names.map((name) => findRun(name, runs))
  const versions = found.filter((entry) => entry.kind === 'version')
  if (versions.length === found.length) {
    compareRecipes(versions, json ?? false)
    return
  }
  const all = found.map((entry) => runOf(entry))
  const comparison = compareRuns(all, configDefaults)
  if (json) {
    const told = all.map(({ name, folder, state }) => ({ name, folder, state }))
    printJson({ type: 'comparison', runs: told, ...comparison })
    return
  }
  for (const { name, fault } of all) if (fault !== null) note(`${name} is damaged: ${fault}`)
  const heads = all.map(({ name }) => name)
  const parts = Object.entries(comparison).map(([part, fields]: [string, ComparedField[]]) => {
    const shown = fields.filter(
      ({ isSame, values }) => (full || !isSame) && values.some((value) => value !== null),
    )
    const title = heading(part[0]!.toUpperCase() + part.slice(1))
    if (shown.length === 0)
      return fields.every(({ values }) => values.every((value) => value === null))
        ? `${title}  none`
        : `${title}  the same`
    return `${title}\n${fieldTable(shown, heads, part === 'scores')}`
  })
  print(parts.join('\n\n'))
}

function runOf(found: Found): CatalogueRun {
  return readRun(onlyRun(found, 'a comparison with a run').path, found.label)
}

/** A row for each field, a column for each run; of scores, how far each is above the first. */
function fieldTable(fields: ComparedField[], heads: string[], isScore: boolean): string {
  const { text, dropped } = fitTable([
    { head: '', cells: fields.map(({ field }) => `  ${field}`) },
    ...heads.map((head, i) => ({
      head,
      cells: fields.map(({ field, values }) => cellOf(field, values, i, isScore)),
      align: 'right' as const,
      ...(i > 0 && { weight: heads.length - i }),
    })),
  ])
  return dropped.length > 0
    ? `${text}\n${quiet(`not shown here, for want of room: ${dropped.join(', ')}`)}`
    : text
}

function cellOf(field: string, values: FieldValue[], i: number, isScore: boolean): string {
  const value = values[i]!
  const text = formatField(field, value, isScore)
  const [first] = values
  if (!isScore || i === 0 || typeof value !== 'number' || typeof first !== 'number') return text
  return `${text} (${formatDifference(field, value - first)})`
}

/** Each version beside the first. */
function compareRecipes(found: FoundVersion[], json: boolean): void {
  const [first, ...others] = found
  const runs = found.flatMap(({ record }) =>
    record.runs.flatMap(({ folder, id }) =>
      folder !== null && new RunFolder(folder).exists() ? [readRun(folder, id)] : [],
    ),
  )
  const comparisons = others.map((other) => compareVersions(first!, other, runs, configDefaults))
  if (json) {
    const versions = found.map(({ label, path }) => ({ name: label, folder: path }))
    printJson({ type: 'comparison', versions, comparisons })
    return
  }
  print(comparisons.map((comparison, i) => versionText(first!.label, others[i]!, comparison)).join('\n\n'))
}

/** A few of many. */
function listText(ids: readonly string[]): string {
  const most = 6
  const shown = ids.slice(0, most).join(', ')
  return ids.length > most ? `${shown} and ${ids.length - most} more` : shown
}

function versionText(before: string, now: FoundVersion, comparison: VersionComparison): string {
  const { added, removed, changed, same, scores } = comparison
  const runs = [
    ...(added.length > 0 ? [`  added    ${listText(added)}`] : []),
    ...(removed.length > 0 ? [`  removed  ${listText(removed)}`] : []),
    ...changed.map(({ id, config, corpus }) => `  changed  ${id}: ${changesText(config, corpus)}`),
    ...(same.length > 0 ? [`  the same ${same.length} ${same.length === 1 ? 'run' : 'runs'}`] : []),
  ]
  const rows = scores.flatMap(({ id, fields }) => fields.map((field) => ({ id, ...field })))
  const numbers = rows.map(({ field, values }) => values.map((_, i) => cellOf(field, values, i, true)))
  const title = heading(`${before} → ${now.label}  ${quiet(relative('', now.path))}`)
  const table =
    rows.length === 0
      ? `${heading('Scores')}  none of runs that both have`
      : `${heading('Scores')}\n${
          fitTable([
            { head: '  run', cells: rows.map(({ id }) => `  ${id}`) },
            { head: 'score', cells: rows.map(({ field }) => field) },
            { head: before, cells: numbers.map((cells) => cells[0]!), align: 'right' },
            { head: now.label, cells: numbers.map((cells) => cells[1]!), align: 'right' },
          ]).text
        }${meansText(rows)}`
  return [title, ...runs].join('\n').concat(`\n\n${table}`)
}

function changesText(config: ComparedField[], corpus: ComparedField[]): string {
  const texts = config.map(
    ({ field, values: [a, b] }) => `${field} ${formatField(field, a!)} → ${formatField(field, b!)}`,
  )
  if (corpus.length > 0) texts.push(`another text: ${textOf(corpus, 0)} → ${textOf(corpus, 1)}`)
  return texts.join(', ') || 'its identity'
}

/** `wiki, 1M words (1,000,000 words, sha256 0123456789ab)` */
function textOf(corpus: ComparedField[], i: number): string {
  const [label, words, hash] = corpus.map(({ values }) => values[i]!)
  const count = typeof words === 'number' ? `${formatCount(words)} words, ` : ''
  return `${label ?? '–'} (${count}${corpus[2]!.field} ${String(hash).slice(0, 12)})`
}

/** Over all runs that both have: how far each score moved in the mean. */
function meansText(rows: { field: string; values: FieldValue[] }[]): string {
  const moves = new Map<string, number[]>()
  for (const { field, values } of rows) {
    const [a, b] = values
    if (typeof a === 'number' && typeof b === 'number') moves.set(field, [...(moves.get(field) ?? []), b - a])
  }
  const texts = [...moves]
    .filter(([, all]) => all.length > 1)
    .map(([field, all]) => {
      const mean = all.reduce((sum, move) => sum + move, 0) / all.length
      const unit = isCorrelation(field) ? '' : ' points'
      return `  ${field}: ${formatDifference(field, mean)}${unit} in the mean of ${all.length} runs`
    })
  return texts.length > 0 ? `\n${texts.join('\n')}` : ''
}
