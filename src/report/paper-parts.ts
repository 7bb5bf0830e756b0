import { resolve } from 'node:path'
import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import { corporaOf } from './caption.ts'
import { type Block, paragraphs, type TableContent, type TableRow } from './document.ts'
import type { ExperimentRun } from './experiment-runs.ts'
import { formatMeasured, groupRuns, measure } from './measured.ts'
import type { Part } from './paper.ts'
import { eachOnce, setupItems, startOf } from './paper-setup.ts'
import { groupLabel } from './table-rows.ts'

/** What stands before the recipes: what this is, machine and settings, corpora. */
export function opening(parts: readonly Part[]): Block[] {
  const runs = parts.flatMap(({ experiment }) => experiment.runs)
  const complete = eachOnce(runs)
  const count = parts.length === 1 ? '1 recipe' : `${parts.length} recipes`
  const missing = runs.filter(({ missing }) => missing !== null).length
  const scales = [...new Set(parts.map(({ experiment }) => experiment.scale ?? 'none'))]
  return [
    { kind: 'heading', level: 2, text: 'What this is' },
    {
      kind: 'text',
      text:
        `Tables and figures of two papers on Word2Vec [1, 2], trained again from text with Millrace: ${count}, ` +
        `${complete.length} runs complete and ${missing} missing, at ${scales.length > 1 ? 'scales' : 'scale'} ${scales.join(', ')}. ` +
        'Every number of ours comes from the folder that its run left behind. Numbers marked “paper” are the papers’ own, ' +
        'printed beside for comparison; where a scale differs from theirs, so do text and time, and only the order of things ' +
        'can be compared.',
    },
    { kind: 'heading', level: 2, text: 'Setup' },
    { kind: 'list', items: setupItems(complete) },
    { kind: 'heading', level: 2, text: 'Corpora' },
    corpora(runs),
  ]
}

/** What stands behind them: speed, what is missing, references. */
export function closing(parts: readonly Part[]): Block[] {
  return [
    { kind: 'heading', level: 2, text: 'Speed' },
    {
      kind: 'text',
      text: 'Words trained on each second, reading and tokenising included, counting and scoring not; all epochs, all threads.',
    },
    ...speedTable(parts),
    { kind: 'heading', level: 2, text: 'What was not run' },
    ...missing(parts),
    { kind: 'heading', level: 2, text: 'References' },
    { kind: 'list', items: references },
  ]
}

const references = [
  '[1] Tomas Mikolov, Kai Chen, Greg Corrado, Jeffrey Dean: Efficient Estimation of Word Representations in Vector Space. arXiv:1301.3781, 2013.',
  '[2] Tomas Mikolov, Ilya Sutskever, Kai Chen, Greg Corrado, Jeffrey Dean: Distributed Representations of Words and Phrases and their Compositionality. NeurIPS 2013, arXiv:1310.4546.',
]

function corpora(runs: readonly ExperimentRun[]): Block {
  const read = corporaOf(runs)
  if (read.length === 0) return { kind: 'text', text: 'None was read yet.' }
  const table: TableContent = {
    id: 'corpora',
    title: 'Texts that were trained on',
    caption: [
      'Words as they stand between white space, which is not how every run splits a text, and before rare ones are left out; SHA-256 by its first 16 digits.',
    ],
    head: [[{ text: 'text' }, { text: 'words' }, { text: 'bytes' }, { text: 'SHA-256' }]],
    align: ['left', 'right', 'right', 'left'],
    rows: read.map(({ label, words, bytes, sha256 }) => ({
      kind: 'ours',
      cells: [
        { text: label },
        { text: formatCount(words) },
        { text: formatCount(bytes) },
        { text: sha256.slice(0, 16) },
      ],
    })),
    notes: [],
  }
  return { kind: 'table', table }
}

/** A row for each run that is complete, over its seeds; of recipes that share one, at the first. */
function speedTable(parts: readonly Part[]): Block[] {
  const said = new Set<string>()
  const rows = parts.flatMap(({ name, experiment }) => {
    const groups = groupRuns(eachOnce(experiment.runs)).filter(({ runs: [run] }) => {
      const path = resolve(run!.folder!.path)
      const isNew = !said.has(path)
      said.add(path)
      return isNew
    })
    return groups.map((group, i): TableRow => {
      const { mean: seconds } = measure(group.runs, 'seconds')
      const { mean: bytes } = measure(group.runs, 'peakRssBytes')
      const [run] = group.runs as [ExperimentRun]
      return {
        kind: 'ours',
        rule: i === 0,
        cells: [
          { text: i === 0 ? name : '' },
          { text: groupLabel(experiment.recipe, group) },
          { text: formatCount(run.history!.words) },
          { text: seconds === null ? '–' : formatSeconds(seconds) },
          { text: formatMeasured(measure(group.runs, 'wordsPerSecond'), 'words') },
          { text: String(startOf(run)?.threads ?? run.history!.run.config.threads ?? '–') },
          { text: bytes === null ? '–' : formatBytes(bytes) },
        ],
      }
    })
  })
  if (rows.length === 0) return [{ kind: 'text', text: 'No run is complete yet.' }]
  const heads = ['recipe', 'run', 'words trained on', 'time', 'words a second', 'threads', 'peak memory']
  const table: TableContent = {
    id: 'speed',
    title: 'Speed of each run',
    caption: ['A run that several recipes share stands at the first of them.'],
    head: [heads.map((text) => ({ text }))],
    align: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    rows: rows.map((row, i) => (i === 0 ? { ...row, rule: false } : row)),
    notes: [],
  }
  return [{ kind: 'table', table }]
}

/** Scales that come nearer to the papers and were not run, and runs that are missing. */
function missing(parts: readonly Part[]): Block[] {
  const items = parts.flatMap(({ experiment: { recipe, scale, runs } }) => {
    const title = recipe.title ?? recipe.name
    const scales = Object.entries(recipe.scales ?? {})
    const nearer = scales.slice(
      0,
      Math.max(
        0,
        scales.findIndex(([name]) => name === scale),
      ),
    )
    const byReason = Map.groupBy(
      runs.filter(({ missing }) => missing !== null),
      ({ missing }) => missing!,
    )
    return [
      ...nearer.map(([name, { about }]) => {
        const why = paragraphs(about)[0]
        return `${title}: not at scale \`${name}\`${why ? `: ${why}` : '.'}`
      }),
      ...Array.from(byReason, ([reason, members]) => {
        const which =
          members.length === runs.length
            ? runs.length === 1
              ? 'its run'
              : `all ${runs.length} runs`
            : members.length > 3
              ? `${members.length} of ${runs.length} runs`
              : members.map(({ id }) => `\`${id}\``).join(', ')
        return `${title}: ${which}: ${reason}.`
      }),
    ]
  })
  return items.length > 0
    ? [{ kind: 'list', items }]
    : [{ kind: 'text', text: 'All that the recipes ask for was run.' }]
}
