import { formatBytes } from '../core/bytes.ts'
import { formatCount, formatSeconds } from '../core/text.ts'
import type { Scores } from '../evaluate/index.ts'
import type { StoppedEarly } from '../run/index.ts'
import { lineChart, type Point } from './chart.ts'
import { lossUnit } from './figure-parts.ts'
import type { RunHistory } from './history.ts'
import { pageStyle } from './style.ts'
import { element, escapeText, pictureStyle, textElement } from './svg.ts'
import { type Neighbours, scoreRows } from './tables.ts'

/** All that a report shows, read and ready. What is undefined was not there. */
export interface ReportContent {
  history: RunHistory
  /** The picture of the words, for wide and for narrow pages. */
  words: { wide: string; narrow: string } | undefined
  neighbours: Neighbours[]
  scores: Scores | undefined
  /** What could not be read, in plain words. */
  faults: string[]
  /** The command that runs it again. */
  command: string
}

/** A run as one HTML file that needs nothing else: no script, no network. */
export function page(content: ReportContent): string {
  const { history, words, neighbours, scores, faults, command } = content
  const { run } = history
  const notes = [...faults, ...new Set(history.warnings)]
  const body = [
    element(
      'header',
      {},
      textElement('p', { class: 'eyebrow' }, 'Millrace run report'),
      element(
        'h1',
        {},
        escapeText(run.name),
        textElement('span', { class: `state ${history.state}` }, stateName(history)),
      ),
      textElement('p', { class: 'lead' }, lead(history)),
      notes.length > 0
        ? element('ul', { class: 'notes' }, ...notes.map((note) => textElement('li', {}, note)))
        : '',
    ),
    keyFigures(history),
    words
      ? section(
          'The words',
          'Each word lies where its vector puts it, on the two axes along which these words differ most (PCA), each ' +
            'stretched to the frame. Words used alike lie near each other. A dot without a label had no room for one.',
          element('figure', { class: 'wide' }, words.wide),
          element('figure', { class: 'narrow' }, words.narrow),
        )
      : '',
    curves(history),
    scoreCurves(history),
    neighbours.length > 0
      ? section('Nearest neighbours', 'By cosine similarity, the nearest first.', neighbourTable(neighbours))
      : '',
    scores
      ? section(
          'Scores',
          `Of the questions that could be asked${among(scores)}; a question with another word is skipped. ` +
            'Pairs are scored by rank correlation with people’s judgements (Spearman’s ρ).',
          scoreTable(scores),
        )
      : '',
    auditSection(history),
    section('Config', 'As resolved, defaults included.', configTable(run.config)),
    section(
      'Run it again',
      history.state === 'complete'
        ? 'The same text, settings and seed, into another folder:'
        : 'What is done already is not done again:',
      element('pre', {}, ...command.split(/(?<= )(?=--)/).map((part) => textElement('span', {}, part))),
    ),
    textElement(
      'footer',
      {},
      `Millrace ${run.version} · started ${run.createdAt.slice(0, 16).replace('T', ' ')} UTC`,
    ),
  ]
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    textElement('title', {}, `${run.name} · Millrace`),
    `<style>${pictureStyle}${pageStyle}</style>`,
    element('main', {}, ...body.filter(Boolean).map((part) => `\n${part}`), '\n'),
    '</html>\n',
  ].join('\n')
}

function stateName({ state }: RunHistory): string {
  return { complete: 'complete', running: 'running', stopped: 'stopped', failed: 'failed', dead: 'died' }[
    state
  ]
}

function lead(history: RunHistory): string {
  const { state, corpus, fraction, secondsLeft, checkpointCount, run } = history
  const at = `${Math.floor(fraction * 100)} % of the training`
  const text = corpus
    ? `${formatCount(corpus.words)} words of text (${formatBytes(corpus.bytes)})`
    : 'The text'
  const next =
    checkpointCount > 0
      ? 'The command below goes on from the last checkpoint.'
      : 'There is no checkpoint yet: the command below starts it again.'
  switch (state) {
    case 'complete':
      if (run.result?.stoppedEarly) return stoppedEarly(text, run.result.stoppedEarly)
      return corpus ? `${text}, read ${epochCount(history)}.` : 'Trained to the end.'
    case 'running':
      return `Training now: ${at} is done${secondsLeft ? `, about ${formatSeconds(secondsLeft)} to go` : ''}.`
    case 'stopped':
      return `Stopped on request after ${at}. ${next}`
    case 'dead':
      return `The process ended without a word after ${at}. ${next}`
    case 'failed':
      return `Failed after ${at}: ${run.error ?? 'no reason was recorded'}`
  }
}

function stoppedEarly(text: string, { epoch, score, best, at }: StoppedEarly): string {
  const [end, top] = [epoch, at].map((count) => Number(count.toFixed(2)))
  return `${text}, stopped early after ${end} epochs: ${score} was best, ${best.toFixed(4)}, after ${top}.`
}

function epochCount({ run, epochs }: RunHistory): string {
  const count = typeof run.config.epochs === 'number' ? run.config.epochs : epochs.length
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

function keyFigures(history: RunHistory): string {
  const { words, vocabulary, seconds, wordsPerSecond, peakRssBytes, planBytes, restarts } = history
  const figures: [name: string, value: string, detail?: string][] = [
    ['words trained', formatCount(words)],
    ['vocabulary', vocabulary === null ? '–' : formatCount(vocabulary), 'words'],
    ['training time', seconds === null ? '–' : formatSeconds(seconds)],
    ['speed', wordsPerSecond === null ? '–' : formatCount(wordsPerSecond), 'words per second'],
    [
      'peak memory',
      peakRssBytes === null ? '–' : formatBytes(peakRssBytes),
      planBytes === null ? undefined : `planned ${formatBytes(planBytes)}`,
    ] as [string, string, string],
    ['restarts', formatCount(restarts)],
  ]
  return element(
    'dl',
    { class: 'figures' },
    ...figures.map(([name, value, detail]) =>
      element(
        'div',
        {},
        textElement('dt', {}, name),
        element('dd', {}, escapeText(value), detail ? textElement('small', {}, detail) : ''),
      ),
    ),
  )
}

/** The scores that were taken while it was trained, a chart for each; a correlation by ranks alone. */
function scoreCurves({ scores, epochs, words }: RunHistory): string {
  if (scores.length === 0) return ''
  const unit = unitOf(words)
  const names = new Set(scores.flatMap((point) => Object.keys(point.scores)))
  const shown = [...names].filter((name) => !name.endsWith('.pearson')).slice(0, mostScoreCharts)
  const charts = shown.map((name) =>
    lineChart({
      title: name,
      yLabel: name.endsWith('.spearman') ? 'rank correlation' : 'score',
      xLabel: unit.name,
      xEnd: words / unit.size,
      marks: epochs.map((epoch) => epoch.words / unit.size),
      points: scores.flatMap((point) => {
        const y = point.scores[name]
        return y == null ? [] : [[point.words / unit.size, y] as Point]
      }),
      width: 460,
      height: 200,
    }),
  )
  return section(
    'Scores while it was trained',
    names.size > shown.length ? `${shown.length} of ${names.size} scores; all are in events.ndjson.` : '',
    element('div', { class: 'charts' }, ...charts.map((chart) => element('figure', {}, chart))),
  )
}

const mostScoreCharts = 8

function unitOf(words: number): { size: number; name: string } {
  return words >= 2e6
    ? { size: 1e6, name: 'million words trained' }
    : { size: 1e3, name: 'thousand words trained' }
}

function curves({ run, progress, epochs, planBytes, words }: RunHistory): string {
  const unit = unitOf(words)
  const marks = epochs.map((epoch) => epoch.words / unit.size)
  const common = { xLabel: unit.name, xEnd: words / unit.size, marks }
  const pointsOf = (value: (event: (typeof progress)[number]) => number | null): Point[] =>
    progress.flatMap((event) => {
      const y = value(event)
      return y === null || !Number.isFinite(y) ? [] : [[event.words / unit.size, y] as Point]
    })
  const small = { width: 460, height: 200 }
  const charts = [
    lineChart({
      ...common,
      title: 'Loss',
      yLabel: lossUnit(run.config.loss),
      points: pointsOf((e) => e.loss),
    }),
    lineChart({
      ...common,
      title: 'Speed',
      yLabel: 'thousand words per second',
      points: pointsOf((e) => e.wordsPerSecond / 1000),
      fromZero: true,
    }),
    lineChart({
      ...common,
      ...small,
      title: 'Learning rate',
      yLabel: 'step size',
      points: pointsOf((e) => e.learningRate),
      fromZero: true,
    }),
    lineChart({
      ...common,
      ...small,
      title: 'Memory',
      yLabel: 'MiB resident',
      points: pointsOf((e) => e.rssBytes / 2 ** 20),
      fromZero: true,
      ...(planBytes === null ? {} : { level: { y: planBytes / 2 ** 20, label: 'plan' } }),
    }),
  ]
  return section(
    'The training',
    epochs.length > 0 ? 'Dotted lines mark the ends of epochs.' : '',
    element('div', { class: 'charts' }, ...charts.map((chart) => element('figure', {}, chart))),
  )
}

function neighbourTable(neighbours: Neighbours[]): string {
  return table(
    ['word', 'nearest'],
    neighbours.map(({ word, near }) => [
      textElement('b', {}, word),
      near
        .map(({ word, score }) =>
          element(
            'span',
            { class: 'near' },
            escapeText(word),
            ' ',
            textElement('small', {}, score.toFixed(2)),
          ),
        )
        .join(' '),
    ]),
    [],
  )
}

/** Among how many words analogies were asked; nothing if there are none, or not all were asked alike. */
function among({ analogies }: Scores): string {
  const counts = new Set(analogies.map(({ restrict }) => restrict))
  return counts.size === 1 ? ` among the first ${formatCount([...counts][0]!)} words` : ''
}

function scoreTable(scores: Scores): string {
  const [head, ...rows] = scoreRows(scores)
  return table(
    head!,
    rows.map(([name, ...numbers]) => [
      textElement('span', { class: `level-${name!.search(/\S/) / 2}` }, name!.trim()),
      ...numbers.map(escapeText),
    ]),
    head!.map((_, column) => column).slice(1),
  )
}

function auditSection({ run, state, epochs }: RunHistory): string {
  const audits = run.result?.audit.epochs ?? epochs
  if (audits.length === 0) return ''
  const equal = audits.every(
    ({ records, hash }) => records === audits[0]!.records && hash === audits[0]!.hash,
  )
  const byEpoch = new Map(epochs.map((epoch) => [epoch.epoch, epoch]))
  return section(
    'Epochs and their audit',
    'Each record of the text is counted and hashed when it is trained on. ' +
      (equal
        ? `Every epoch${state === 'complete' ? '' : ' so far'} saw the same records, each once.`
        : 'The epochs did not see the same records: see the notes above.'),
    table(
      ['epoch', 'loss', 'seconds', 'records', 'hash'],
      audits.map(({ epoch, records, hash }) => [
        String(epoch),
        fixed(byEpoch.get(epoch)?.loss, 4),
        fixed(byEpoch.get(epoch)?.seconds, 1),
        formatCount(records),
        textElement('code', {}, hash),
      ]),
      [1, 2, 3],
    ),
  )
}

/** JSON writes null for what is not a finite number. */
function fixed(value: number | null | undefined, digits: number): string {
  return value == null ? '–' : value.toFixed(digits)
}

function configTable(config: Record<string, unknown>): string {
  return element(
    'dl',
    { class: 'config' },
    ...flatten(config).map(([key, value]) =>
      element('div', {}, textElement('dt', {}, key), textElement('dd', {}, value)),
    ),
  )
}

/** Nested keys become dotted ones. */
function flatten(config: Record<string, unknown>, prefix = ''): [key: string, value: string][] {
  return Object.entries(config).flatMap(([key, value]) => {
    if (Array.isArray(value)) return [[prefix + key, value.join(', ')]]
    if (value !== null && typeof value === 'object')
      return flatten(value as Record<string, unknown>, `${prefix}${key}.`)
    return [[prefix + key, value === null ? '–' : String(value)]]
  })
}

function section(title: string, text: string, ...children: string[]): string {
  return element(
    'section',
    {},
    textElement('h2', {}, title),
    text ? textElement('p', {}, text) : '',
    ...children,
  )
}

/** Cells are markup already; the columns named in `numbers` stand to the right. */
function table(head: string[], rows: string[][], numbers: number[]): string {
  const kind = (column: number) => (numbers.includes(column) ? { class: 'number' } : {})
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head.map((cell, i) => textElement('th', kind(i), cell)))),
      element(
        'tbody',
        {},
        ...rows.map((row) => element('tr', {}, ...row.map((cell, i) => element('td', kind(i), cell)))),
      ),
    ),
  )
}
