import { formatCount } from '../core/text.ts'
import type { RecordedCorpus, Scalar } from '../experiment/index.ts'
import { trainConfigSchema } from '../word2vec/index.ts'
import { askedText } from './asked.ts'
import { type Note, paragraphs } from './document.ts'
import type { Experiment, ExperimentRun } from './experiment-runs.ts'
import { formatScalar, groupRuns } from './measured.ts'

/** What a reader must know to judge the numbers below: all of it from the runs. */
export function captionOf(experiment: Experiment): string[] {
  const { recipe, scale, version, runs } = experiment
  const begun = runs.filter(({ history }) => history !== null)
  const dates = [...new Set(begun.map(({ history }) => history!.run.createdAt.slice(0, 10)))].sort()
  const programs = [...new Set(begun.map(({ history }) => history!.run.version))].sort()
  const corpora = corporaOf(runs)
  return [
    recipe.source && `Repeats ${recipe.source}.`,
    `Scale: ${scale ?? 'as the recipe says'}.`,
    corpora.length > 0 && `Corpus: ${corpusText(corpora)}.`,
    begun.length > 0 && `Settings of all runs: ${settingsText(begun)}.`,
    begun.length > 0
      ? `Version ${version}, run ${dates.length > 1 ? `from ${dates[0]} to ${dates.at(-1)}` : `on ${dates[0]}`} with Millrace ${programs.join(' and ')}.`
      : 'Never run.',
    askedText(experiment),
    seedsText(experiment),
  ].filter((sentence) => typeof sentence === 'string')
}

/** Over how many seeds there are numbers. */
function seedsText({ runs }: Experiment): string | null {
  const counts = groupRuns(runs)
    .map((group) => group.runs.filter(({ missing }) => missing === null).length)
    .filter((count) => count > 0)
  if (counts.length === 0) return null
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  if (most === 1) return 'One seed, so that no spread is known.'
  return `Mean ± standard deviation over ${least === most ? most : `${least} to ${most}`} seeds.`
}

/** What the recipe and its scale say for themselves. */
export function aboutNotes({ recipe, scale }: Experiment): Note[] {
  const ofScale = scale === null ? undefined : recipe.scales?.[scale]?.about
  return [...paragraphs(recipe.about), ...paragraphs(ofScale)].map((text) => ({ text }))
}

/** Those that runs read, each once, the largest last. */
export function corporaOf(runs: readonly ExperimentRun[]): RecordedCorpus[] {
  const bySum = new Map(runs.flatMap(({ corpus }) => (corpus ? [[corpus.sha256, corpus] as const] : [])))
  return [...bySum.values()].sort((a, b) => a.words - b.words || (a.label < b.label ? -1 : 1))
}

function corpusText(corpora: RecordedCorpus[]): string {
  const said = corpora.map(({ label, words }) =>
    label.includes(formatCount(words)) ? label : `${label} (${formatCount(words)} words)`,
  )
  return said.length <= 3 ? said.join('; ') : `${said.length} texts, from ${said[0]} to ${said.at(-1)}`
}

/** Settings that say what was trained; others only where they are not the default. */
const telling = [
  'model',
  'loss',
  'dim',
  'window',
  'negative',
  'sample',
  'minCount',
  'epochs',
  'lr',
  'threads',
]
/** Settings of a run's keeping, not of what it learns. */
const ofNoMatter = ['checkpointEvery', 'keep', 'memory', 'seed', 'supervise', 'arithmetic', 'deterministic']

/** The settings that all these runs share, as `key value`. */
export function sharedSettings(runs: readonly ExperimentRun[]): [key: string, value: Scalar][] {
  const defaults = trainConfigSchema.parse({}) as Record<string, unknown>
  const configs = runs.map(
    ({ history, config }) => ({ ...config, ...history?.run.config }) as Record<string, unknown>,
  )
  const first = configs[0] ?? {}
  const known = Object.keys(trainConfigSchema.shape)
  return [...telling, ...known.filter((key) => !telling.includes(key) && !ofNoMatter.includes(key))]
    .filter((key) => configs.every((config) => JSON.stringify(config[key]) === JSON.stringify(first[key])))
    .filter((key) => first[key] !== undefined && first[key] !== null && typeof first[key] !== 'object')
    .filter((key) => telling.includes(key) || first[key] !== defaults[key])
    .filter((key) => key !== 'negative' || first.loss !== 'hs')
    .map((key) => [key, first[key] as Scalar])
}

function settingsText(runs: readonly ExperimentRun[]): string {
  return sharedSettings(runs)
    .map(([key, value]) => `\`${key}\` ${formatScalar(value)}`)
    .join(', ')
}
