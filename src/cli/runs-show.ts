import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { formatCount } from '../core/text.ts'
import {
  type CatalogueRun,
  type FieldValue,
  type FoundVersion,
  fieldOf,
  findRun,
  RunFolder,
  readEvents,
  readRun,
  type VersionRun,
} from '../run/index.ts'
import { type Column, fitTable, outputWidth } from './fit-table.ts'
import { print, printJson, table } from './output.ts'
import { configDefaults, formatField, formatScore, formatState, heading, quiet } from './runs-format.ts'
import { statesText } from './runs-list.ts'
import type { RunsOptions } from './runs-options.ts'
import { commandLine } from './supervised.ts'
import { lossLines } from './train.ts'

/** `millrace runs show` */
export function show(name: string, { runs, json }: RunsOptions): void {
  const found = findRun(name, runs)
  if (found.kind === 'version') {
    showVersion(found, json ?? false)
    return
  }
  const run = readRun(found.folder.path, found.label)
  const losses = lossesOf(found.folder)
  const files = filesOf(found.folder.path)
  const goOn = waysOn(run)
  if (json) {
    printJson({ type: 'run', ...run, losses, files, goOn })
    return
  }
  print(runText(run, losses, files, goOn))
}

interface FileSize {
  name: string
  bytes: number
}

function runText(run: CatalogueRun, losses: (number | null)[], files: FileSize[], goOn: string[]): string {
  const head = `${heading(run.name)}  ${formatState(run)}`
  const born = [
    run.createdAt && formatField('created', run.createdAt),
    run.millrace && `millrace ${run.millrace}`,
  ]
  const parts = [
    [head, quiet([relative('', run.folder) || '.', ...born.filter(Boolean)].join(', '))],
    run.fault !== null && [`damaged: ${run.fault}`],
    run.error !== null && [`error: ${run.error}`],
    ...(run.fault === null ? [configLines(run), corpusLines(run), resultLines(run, losses)] : []),
    scoreLines(run),
    ['Files', ...columns(files.map(({ name, bytes }) => [name, formatBytes(bytes)]))],
    goOn.length > 0 && ['Next', ...goOn.map((line) => `  ${line}`)],
  ]
  return parts
    .filter((part) => part !== false && part.length > 0)
    .map((part) => {
      const [first, ...rest] = part as string[]
      return [/^[A-Z]/.test(first!) ? heading(first!) : first, ...rest].join('\n')
    })
    .join('\n\n')
}

/** What differs from the defaults, a line each; then the rest in one paragraph. */
function configLines({ config }: CatalogueRun): string[] {
  const entries = Object.entries({ ...configDefaults, ...config })
  const isDefault = ([key, value]: [string, unknown]) =>
    (value ?? null) === (configDefaults[key] ?? null) || (key === 'lr' && isStandardRate(config, value))
  const other = entries.filter((entry) => !isDefault(entry))
  const rest = entries.filter((entry) => isDefault(entry) && entry[1] !== null)
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value))
  return [
    'Config',
    ...columns(other.map(([key, value]) => [key, formatField(key, text(value) as FieldValue)])),
    ...wrap(`default: ${rest.map(([key, value]) => `${key} ${text(value)}`).join(', ')}`).map(quiet),
  ]
}

function isStandardRate({ model }: Record<string, unknown>, rate: unknown): boolean {
  return rate === (model === 'cbow' ? 0.05 : 0.025)
}

function corpusLines({ corpus }: CatalogueRun): string[] {
  const size = [
    corpus.words !== null && `${formatCount(corpus.words)} words`,
    corpus.bytes !== null && formatBytes(corpus.bytes),
    corpus.fingerprint !== null && `fingerprint ${corpus.fingerprint.slice(0, 12)}`,
  ].filter(Boolean)
  return [
    'Corpus',
    `  ${corpus.label}`,
    ...(size.length > 0 ? [`  ${size.join(', ')}`] : []),
    ...corpus.paths.map((path) => quiet(`  ${path}${existsSync(path) ? '' : '  (not here)'}`)),
  ]
}

function resultLines(run: CatalogueRun, losses: (number | null)[]): string[] {
  const fields: [string, string][] = [
    ['words', 'words trained on'],
    ['seconds', 'time'],
    ['wordsPerSecond', 'words a second'],
    ['vocabulary', 'vocabulary'],
    ['peakRssBytes', 'peak memory'],
    ['restarts', 'restarts'],
  ]
  const rows = fields.flatMap(([field, name]) => {
    const value = fieldOf(run, field)
    return value === null ? [] : [[name, formatField(field, value)]]
  })
  return ['Result', ...columns(rows), ...lossLines(losses).map((line) => `  ${line}`)]
}

function scoreLines(run: CatalogueRun): string[] {
  const entries = Object.entries(run.scores).filter(([path]) => !path.endsWith('.ofAll'))
  if (entries.length === 0) return []
  const old = run.scoredAt !== null && run.words !== null && run.scoredAt !== run.words
  const rows = entries.map(([path, value]) => {
    const ofAll = run.scores[`${path}.ofAll`]
    return [path, formatScore(path, value), ofAll === undefined ? '' : formatScore(path, ofAll)]
  })
  return [
    'Scores',
    ...(old
      ? [`  of the vectors after ${formatCount(run.scoredAt!)} words, not of those there are now`]
      : []),
    ...columns([['', 'score', 'of all'], ...rows]),
  ]
}

function lossesOf(folder: RunFolder): (number | null)[] {
  try {
    return readEvents(folder.events).flatMap((event) => (event.type === 'epoch' ? [event.loss] : []))
  } catch {
    return []
  }
}

/** Files and folders of a run, with what they take. */
function filesOf(path: string): FileSize[] {
  return readdirSync(path)
    .sort()
    .map((name) => ({ name, bytes: sizeOf(join(path, name)) }))
}

function sizeOf(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return stats?.size ?? 0
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0)
}

/** Commands to go on with a run: whatever its state allows. */
function waysOn({ state, folder, corpus, config }: CatalogueRun): string[] {
  const here = relative('', folder) || '.'
  const paths = corpus.paths.map((path) => {
    const near = relative('', path)
    return near.startsWith('..') || near === '' ? path : near
  })
  const train = commandLine(['train', ...paths, '--out', here])
  switch (state) {
    case 'running':
    case 'damaged':
      return []
    case 'complete':
      return [
        commandLine(['query', here, 'near', 'WORD']),
        commandLine(['report', here]),
        `${train} --epochs ${Number(config.epochs ?? 5) * 2}`,
      ]
    default:
      return existsSync(join(folder, '..', 'experiment.json')) ? [`${train}, or its recipe again`] : [train]
  }
}

function showVersion({ label, path, record }: FoundVersion, json: boolean): void {
  const rows = record.runs.map((entry) => ({ entry, run: runOf(entry) }))
  const missing = rows.filter(({ run, entry }) => !run && entry.skipped === null).map(({ entry }) => entry.id)
  if (json) {
    const runs = rows.map(({ entry, run }) => ({ ...entry, run: run ?? null }))
    printJson({ type: 'version', ...record, name: label, folder: path, runs, missing })
    return
  }
  const states: Record<string, number> = {}
  for (const { entry, run } of rows) {
    const state = run?.state ?? (entry.skipped === null ? 'missing' : 'skipped')
    states[state] = (states[state] ?? 0) + 1
  }
  const about = [
    record.scale && `scale ${record.scale}`,
    record.createdAt && formatField('created', record.createdAt),
  ]
  const { text, dropped } = fitTable(versionColumns(rows, path))
  const [head, ...lines] = text.split('\n')
  print(`${heading(label)}  ${statesText(states)}`)
  print(quiet([relative('', path) || '.', ...about.filter(Boolean)].join(', ')))
  print(['', heading(head ?? ''), ...lines].join('\n'))
  if (dropped.length > 0) print(quiet(`not shown here, for want of room: ${dropped.join(', ')}`))
  for (const { entry } of rows.filter(({ entry }) => entry.skipped !== null))
    print(`\n${entry.id} is not run: ${entry.skipped}`)
  for (const { entry } of rows.filter(({ entry }) => entry.failure !== null))
    print(`\n${entry.id} failed: ${entry.failure}`)
  if (missing.length > 0) print(`\nmissing: ${missing.join(', ')}; its recipe again runs them`)
}

function runOf({ folder, id }: VersionRun): CatalogueRun | undefined {
  return folder !== null && new RunFolder(folder).exists() ? readRun(folder, id) : undefined
}

function versionColumns(
  rows: { entry: VersionRun; run: CatalogueRun | undefined }[],
  path: string,
): Column[] {
  const scores = [...new Set(rows.flatMap(({ run }) => run?.mainScores ?? []))]
  const cell = (field: string, isScore = false) =>
    rows.map(({ run }) =>
      run ? formatField(field, fieldOf(run, isScore ? `scores.${field}` : field), isScore) : '–',
    )
  const state = ({ entry, run }: (typeof rows)[number]) =>
    run ? formatState(run) : entry.skipped === null ? 'missing' : 'skipped'
  const elsewhere = ({ entry }: (typeof rows)[number]) =>
    entry.folder === null || entry.folder === path || entry.folder.startsWith(`${path}/`)
      ? ''
      : relative(join(path, '..'), entry.folder)
  return [
    { head: 'run', cells: rows.map(({ entry }) => entry.id) },
    { head: 'status', cells: rows.map(state) },
    ...scores.map((field, i) => ({
      head: field.replace(/\.(total|spearman)$/, ''),
      cells: cell(field, true),
      align: 'right' as const,
      weight: 50 - i / 100,
    })),
    { head: 'corpus', cells: rows.map(({ entry }) => entry.corpus?.label ?? ''), weight: 20 },
    { head: 'words', cells: cell('words'), align: 'right', weight: 30 },
    { head: 'time', cells: cell('seconds'), align: 'right', weight: 10 },
    { head: 'lies in', cells: rows.map(elsewhere), weight: 40, mayBeCut: true },
  ]
}

/** Rows under one another, indented; all but the first column to the right. */
function columns(rows: string[][]): string[] {
  if (rows.length === 0) return []
  return table(rows.map(([first, ...rest]) => [`  ${first}`, ...rest])).split('\n')
}

function wrap(text: string): string[] {
  const width = Math.min(outputWidth(), 100) - 2
  const lines: string[] = []
  for (const word of text.split(/(?<=,) /)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.map((line) => `  ${line}`)
}
