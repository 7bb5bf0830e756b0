import { relative } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import {
  byName,
  type Catalogue,
  type CatalogueRun,
  differences,
  type FieldValue,
  fieldOf,
  fullScorePath,
  newestOf,
  parseCondition,
  readCatalogue,
  requireFields,
  runFields,
  selectRuns,
} from '../run/index.ts'
import { type Column, fitTable } from './fit-table.ts'
import { note, print, printJson } from './output.ts'
import {
  configDefaults,
  formatAge,
  formatField,
  formatState,
  heading,
  operationalKeys,
  quiet,
} from './runs-format.ts'
import { countOption, listOf, type RunsOptions } from './runs-options.ts'

export interface ListOptions extends RunsOptions {
  where: string[]
  sort?: string
  columns?: string
  limit?: string
  all?: boolean
  versions?: boolean
}

/** `millrace runs list` */
export function list(options: ListOptions): void {
  const catalogue = readCatalogue(options.runs)
  const where = options.where.map(parseCondition)
  const wantsAll = options.all || options.versions || where.some(({ field }) => field === 'version')
  const candidates = wantsAll ? catalogue.runs : newestRuns(catalogue)
  const runs = selectRuns(candidates, {
    where,
    sort: listOf(options.sort),
    ...(options.limit !== undefined && { limit: countOption('--limit', options.limit, 0) }),
    defaults: configDefaults,
  })
  const columns = listOf(options.columns)
  requireFields(columns, catalogue.runs, configDefaults)
  if (options.versions) {
    listVersions(catalogue, runs, options)
    return
  }
  if (options.json) {
    printJson({ type: 'runs', folder: catalogue.folder, runs })
    return
  }
  tellFaults(catalogue, runs)
  if (runs.length === 0) {
    note(nothingText(catalogue, options))
    return
  }
  const now = Date.now()
  const { text, dropped } = fitTable(
    columns.length > 0 ? chosenColumns(runs, columns) : telltaleColumns(runs, now),
  )
  printTable(text)
  const hidden = catalogue.runs.length - candidates.length
  if (dropped.length > 0) note(quiet(`not shown here, for want of room: ${dropped.join(', ')}`))
  if (hidden > 0) note(quiet(`${hidden} ${hidden === 1 ? 'run' : 'runs'} of older versions: --all`))
}

/**
 * Runs of the newest version of each name and scale, wherever they lie. A version that has no run yet is newer all the
 * same.
 */
function newestRuns({ runs, versions }: Catalogue): CatalogueRun[] {
  const newest = newestOf({ runs, versions })
  const isNewest = ({ family, version }: { family: string; version: number }) =>
    newest.has(`${family}@${version}`)
  const shared = versions.filter(isNewest).flatMap(({ record }) => record?.runs ?? [])
  const folders = new Set(shared.map(({ folder }) => folder))
  return runs.filter((run) => isNewest(run) || folders.has(run.folder))
}

function printTable(text: string): void {
  const [head, ...rows] = text.split('\n')
  print([heading(head!), ...rows].join('\n'))
}

function chosenColumns(runs: CatalogueRun[], fields: string[]): Column[] {
  const asked = fields.filter((field) => field !== 'name')
  return [nameColumn(runs), ...asked.map((field, i) => columnOf(runs, field, fields.length - i))]
}

/** Name, state, what tells these runs apart, what they are worth, and what they took. */
function telltaleColumns(runs: CatalogueRun[], now: number): Column[] {
  const sound = runs.filter(({ state }) => state !== 'damaged')
  const found = differences(
    sound.map(({ config }) => config),
    configDefaults,
    operationalKeys,
  )
  const keys = sound.length > 1 ? found.map(({ field }) => field) : ['model', 'dim', 'epochs']
  const scores = [...new Set(runs.flatMap(({ mainScores }) => mainScores))]
  const corpora = new Set(sound.map(({ corpus }) => corpus.label))
  return [
    nameColumn(runs),
    { head: 'status', cells: runs.map(formatState), weight: 300 },
    ...keys.map((key, i) => columnOf(runs, `config.${key}`, (key === 'seed' ? 20 : 199) - i)),
    ...(corpora.size > 1 ? [columnOf(runs, 'corpus', 60)] : []),
    columnOf(runs, 'words', 50),
    { ...columnOf(runs, 'seconds', 40), head: 'time' },
    ...scores.map((path, i) => columnOf(runs, `scores.${path}`, (i === 0 ? 200 : 150) - i)),
    {
      head: 'age',
      cells: runs.map(({ createdAt }) => formatAge(createdAt, now)),
      align: 'right',
      weight: 30,
    },
  ]
}

function nameColumn(runs: CatalogueRun[]): Column {
  return { head: 'name', cells: runs.map(({ name }) => name) }
}

function columnOf(runs: CatalogueRun[], field: string, weight: number): Column {
  if (field === 'status') return { head: field, cells: runs.map(formatState), weight }
  const values = runs.map((run) => fieldOf(run, field, configDefaults))
  const name = field.replace(/^(config|scores)\./, '')
  const path = runs.map(({ scores }) => fullScorePath(scores, name)).find((found) => found !== undefined)
  const isOther = runFields.includes(field) || field.startsWith('config.') || name in configDefaults
  const isScore = path !== undefined && !(isOther && !field.startsWith('scores.'))
  const text = (value: FieldValue) => formatField(isScore ? path : name, value, isScore)
  return {
    head: isScore ? name.replace(/\.(total|spearman)$/, '') : name,
    cells: values.map((value, i) => (runs[i]!.state === 'damaged' ? '' : text(value))),
    align: values.some((value) => typeof value === 'number') ? 'right' : 'left',
    weight,
  }
}

/** A row for each version, and for each run that is of no recipe. */
function listVersions(catalogue: Catalogue, runs: CatalogueRun[], { json }: ListOptions): void {
  const rows = versionRows(catalogue, runs)
  if (json) {
    printJson({ type: 'versions', folder: catalogue.folder, versions: rows })
    return
  }
  tellFaults(catalogue, runs)
  if (rows.length === 0) {
    note(`no versions in ${relative('', catalogue.folder) || '.'}`)
    return
  }
  const now = Date.now()
  printTable(
    fitTable([
      { head: 'version', cells: rows.map(({ name }) => name) },
      { head: 'runs', cells: rows.map(({ runs }) => String(runs)), align: 'right' },
      { head: 'states', cells: rows.map(({ states }) => statesText(states)) },
      { head: 'scale', cells: rows.map(({ scale }) => scale ?? '–'), weight: 3 },
      { head: 'size', cells: rows.map(({ bytes }) => formatBytes(bytes)), align: 'right', weight: 2 },
      { head: 'age', cells: rows.map((row) => formatAge(row.createdAt, now)), align: 'right', weight: 1 },
    ]).text,
  )
}

interface VersionRow {
  name: string
  folder: string
  runs: number
  /** How many runs are in which state; `missing` are those that the recipe asks for, and that are not there. */
  states: Record<string, number>
  scale: string | null
  createdAt: string | null
  bytes: number
}

function versionRows(catalogue: Catalogue, runs: CatalogueRun[]): VersionRow[] {
  const byFolder = new Map(runs.map((run) => [run.folder, run]))
  const covered = new Set<string>()
  const rows = catalogue.versions.map(({ name, folder, record }): VersionRow => {
    const states: Record<string, number> = {}
    let bytes = 0
    for (const { folder: at, skipped } of record?.runs ?? []) {
      const run = at === null ? undefined : byFolder.get(at)
      const state = run?.state ?? (skipped === null ? 'missing' : 'skipped')
      states[state] = (states[state] ?? 0) + 1
      if (run) covered.add(run.folder)
      if (run && (run.folder === folder || run.folder.startsWith(`${folder}/`))) bytes += run.bytes
    }
    const { scale = null, createdAt = null } = record ?? {}
    return { name, folder, runs: record?.runs.length ?? 0, states, scale, createdAt, bytes }
  })
  const alone = runs.filter(({ folder }) => !covered.has(folder))
  for (const { name, folder, state, createdAt, bytes } of alone)
    rows.push({ name, folder, runs: 1, states: { [state]: 1 }, scale: null, createdAt, bytes })
  return rows.sort(byName)
}

export function statesText(states: Record<string, number>): string {
  return Object.entries(states)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ')
}

function tellFaults({ versions }: Catalogue, runs: CatalogueRun[]): void {
  for (const { name, fault } of runs) if (fault !== null) note(`${name} is damaged: ${fault}`)
  for (const { name, fault } of versions)
    if (fault !== null) note(`${name} is damaged: experiment.json: ${fault}`)
}

function nothingText({ runs, folder }: Catalogue, { where }: ListOptions): string {
  const here = relative('', folder) || '.'
  if (runs.length > 0 && where.length > 0) return `none of ${runs.length} runs in ${here} is like that`
  return runs.length > 0 ? 'nothing to show' : `no runs in ${here}; --runs names another folder`
}
