import { formatBytes } from '../core/bytes.ts'
import { findRun, type PruneOptions, planPrune, pruneOne, readCatalogue } from '../run/index.ts'
import { fitTable } from './fit-table.ts'
import { note, print, printJson } from './output.ts'
import { heading, quiet } from './runs-format.ts'
import { countOption, type RunsOptions } from './runs-options.ts'

interface Options extends RunsOptions {
  checkpoints: PruneOptions['checkpoints']
  olderThan: string
  oldVersions?: boolean
  yes?: boolean
}

/** `millrace runs prune` */
export function prune(names: string[], options: Options): void {
  const catalogue = readCatalogue(options.runs)
  const only = names.map((name) => {
    const found = findRun(name, options.runs)
    return found.kind === 'run' ? found.folder.path : found.path
  })
  const isAsked = (path: string) =>
    only.length === 0 || only.some((folder) => path === folder || path.startsWith(`${folder}/`))
  const settings: PruneOptions = {
    checkpoints: options.checkpoints,
    olderThanMs: 86_400_000 * countOption('--older-than', options.olderThan, 0),
    oldVersions: options.oldVersions ?? false,
    now: Date.now(),
  }
  const plan = planPrune(catalogue, settings)
  const items = plan.items.filter(({ paths: [path] }) => isAsked(path!))
  const kept = plan.kept.filter(({ folder }) => folder === null || isAsked(folder))
  const outcomes = items.map((item) => ({ ...item, left: options.yes ? pruneOne(item) : undefined }))
  const gone = outcomes.filter(({ left }) => left === undefined)
  const bytes = gone.reduce((sum, item) => sum + item.bytes, 0)
  if (options.json) {
    const told = outcomes.map(({ guards: _, left = null, ...item }) => ({ ...item, left }))
    printJson({ type: 'prune', removed: options.yes ?? false, bytes, items: told, kept })
    return
  }
  for (const { name, why } of kept) note(`${name} is left: ${why}`)
  if (items.length === 0) {
    note('there is nothing to remove')
    return
  }
  const [head, ...rows] = fitTable([
    { head: 'what', cells: outcomes.map(({ name }) => name) },
    { head: 'size', cells: outcomes.map(({ bytes }) => formatBytes(bytes)), align: 'right' },
    {
      head: 'why',
      cells: outcomes.map(({ why, left }) => (left === undefined ? why : `left: ${left}`)),
      weight: 1,
      mayBeCut: true,
    },
  ]).text.split('\n')
  print([heading(head!), ...rows].join('\n'))
  print(`${options.yes ? 'removed' : 'to remove'}: ${formatBytes(bytes)}`)
  if (!options.yes) note(quiet('nothing was removed; --yes does it'))
}
