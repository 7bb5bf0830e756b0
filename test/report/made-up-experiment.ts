import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Scores, Tally } from '../../src/evaluate/index.ts'
import { type ExperimentRecord, expand, parseRecipe, type Recipe } from '../../src/experiment/index.ts'
import { acquireLock, EventLog, type RunFile, RunFolder } from '../../src/run/index.ts'
import { KeyedVectors, WordTable } from '../../src/vectors/index.ts'

/** What became of a run, by its id; a number is its share of right answers. */
export type Fate = number | 'not begun' | 'refused' | { state: Partial<RunFile> } | { unscored: true }

/** A folder for the runs of made-up experiments. */
export function madeUpRuns(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-experiment-'))
}

/** Writes a version of a recipe as the runner leaves it, and says what the recipe is. */
export function madeUpExperiment(
  given: object,
  {
    runs,
    scale,
    version = 1,
    fate = () => 0.5,
  }: { runs: string; scale?: string; version?: number; fate?: (id: string) => Fate },
): Recipe {
  const recipe = parseRecipe(given, join(runs, 'recipe.yaml'))
  const plan = expand(recipe, scale)
  const path = join(runs, version === 1 ? recipe.name : `${recipe.name}@${version}`)
  mkdirSync(path, { recursive: true })
  const record: ExperimentRecord = {
    format: 1,
    name: recipe.name,
    version,
    scale: plan.scale,
    createdAt: '2026-05-02T10:11:12.000Z',
    millrace: '0.1.0',
    recipe,
    evaluate: null,
    runs: plan.runs.map(({ corpus: _, ...run }) => {
      const end = run.skipped === null ? fate(run.id) : 'not begun'
      const words = String(run.values.words ?? '1M')
      if (typeof end !== 'string')
        madeUpTrained(join(path, run.id), run.config as Record<string, unknown>, end)
      return {
        ...run,
        failure: end === 'refused' ? 'the corpus cannot be fetched' : null,
        identity: end === 'not begun' ? null : 'f'.repeat(64),
        folder: run.skipped === null ? run.id : null,
        corpus:
          end === 'not begun'
            ? null
            : {
                label: `first ${words} words of text8`,
                sha256: words,
                bytes: 6e6,
                words: countOf(words),
                paths: [],
              },
      }
    }),
  }
  writeFileSync(join(path, 'experiment.json'), JSON.stringify(record))
  return recipe
}

function madeUpTrained(path: string, config: Record<string, unknown>, fate: Exclude<Fate, string>): void {
  mkdirSync(path)
  const folder = new RunFolder(path)
  const changes = typeof fate === 'object' && 'state' in fate ? fate.state : {}
  if (changes.pids?.trainer === process.pid) acquireLock(folder)
  const seed = Number(config.seed)
  folder.write({
    format: 1,
    name: folder.name,
    status: 'complete',
    config: { ...config, epochs: 2, model: config.model ?? 'skipgram', threads: 2 },
    fingerprints: { config: 'c', corpus: null },
    pids: { supervisor: null, trainer: null },
    attempt: 1,
    createdAt: `2026-05-0${2 + (seed % 2)}T10:11:12.000Z`,
    version: '0.1.0',
    error: null,
    result: {
      type: 'done',
      words: 2000,
      seconds: 8 + seed,
      wallSeconds: 9,
      wordsPerSecond: 250_000 * seed,
      vocabulary: 40,
      peakRssBytes: 50 * 2 ** 20,
      checkpoints: { count: 5, stallSeconds: 0.5 },
      supervisorRssBytes: 0,
      restarts: 0,
      audit: { epochs: [] },
      vectors: folder.vectors,
    },
    ...changes,
  })
  const log = new EventLog(folder.events, 1)
  for (let tenth = 1; tenth <= 10; tenth++) {
    const progress = {
      wordsPerSecond: 250_000 + 1000 * tenth,
      learningRate: 0.02,
      rssBytes: 1e8,
      planBytes: 1e8,
    }
    log.append(tenth * 200, {
      type: 'progress',
      epoch: tenth > 5 ? 2 : 1,
      fraction: tenth / 10,
      ...progress,
      loss: 2 + 3 / (tenth + seed),
      secondsLeft: 1,
      seconds: tenth,
    })
    if (tenth % 5 === 0)
      log.append(tenth * 200, {
        type: 'epoch',
        epoch: tenth / 5,
        loss: 3 - tenth / 10,
        seconds: 5,
        records: 7,
        hash: '0',
      })
    if (tenth % 2 === 0) {
      const scores = { 'questions-words': 0.02 * tenth }
      log.append(tenth * 200, {
        type: 'scores',
        epoch: 1,
        place: tenth,
        seconds: tenth,
        tookSeconds: 1,
        scores,
      })
    }
  }
  if (typeof fate === 'number') writeFileSync(folder.scores, JSON.stringify(madeUpScores(fate)))
  madeUpVectors().save(folder.vectors, 'safetensors')
}

/** All parts alike, so that a share tells where a number comes from; of 1000 questions 200 were skipped. */
function madeUpScores(share: number): Scores {
  const tally: Tally = {
    questions: 1000,
    skipped: 200,
    correct: Math.round(800 * share),
    accuracy: share,
    accuracyOfAll: share * 0.8,
  }
  return {
    format: 2,
    words: 40,
    dim: 8,
    trained: 2000,
    analogies: [
      {
        name: 'questions-words',
        file: 'questions-words.txt',
        sha256: '0',
        method: 'add',
        restrict: 30_000,
        sections: [],
        semantic: tally,
        syntactic: { ...tally, accuracy: share / 2 },
        total: tally,
      },
    ],
    pairs: [],
    odd: [],
    completion: [],
  }
}

/** Capitals, each its country and one step aside. */
export const pairs: [string, string][] = [
  ['France', 'Paris'],
  ['Italy', 'Rome'],
  ['Japan', 'Tokyo'],
  ['New Zealand', 'Wellington'],
  ['Korea', '서울'],
  ['Spain', 'Madrid'],
]

export function madeUpVectors(): KeyedVectors {
  const words = pairs.flat().map((word) => word.toLowerCase().replaceAll(' ', '_'))
  const dim = 4
  const matrix = Float32Array.from({ length: words.length * dim }, (_, i) => {
    const [row, column] = [Math.floor(i / dim), i % dim]
    const country = Math.floor(row / 2)
    return [Math.cos(country), 0.6 * Math.sin(country), row % 2 ? 0.9 : -0.4, 0.3 + 0.05 * (row % 3)][column]!
  })
  return KeyedVectors.from({ words: WordTable.from(words), dim, matrix })
}

function countOf(words: string): number {
  return Number.parseFloat(words) * { K: 1e3, M: 1e6, B: 1e9 }[words.at(-1) as 'K']!
}

/** As paper 1's table 2, with all that can go wrong. */
export const gridRecipe = {
  name: 'paper1-table2',
  title: 'Accuracy by dimension & words: 100 % of <what> the paper_says ~ ^ \\ # $ {}',
  source: 'Mikolov et al. 2013a, table 2',
  about: 'The paper says no `minCount`; 5 is chosen.\n\nIts text was 6 billion words.',
  corpus: 'text8',
  evaluate: { analogies: ['questions-words'] },
  train: { model: 'cbow', loss: 'hs' },
  grid: { dim: [50, 100, 300, 600], words: ['24M', '49M', '98M', '196M', '391M', '783M'] },
  scales: {
    paper: {},
    tiny: {
      about: 'Less text, since the paper’s is not public.',
      as: { words: { '24M': '1M', '49M': '2M', '98M': '4M', '196M': '8M', '391M': '16M', '783M': null } },
      seeds: [1, 2, 3],
    },
  },
  tables: [
    {
      kind: 'grid',
      id: 'accuracy',
      title: 'Accuracy of CBOW on questions among the first 30,000 words',
      rows: 'dim',
      columns: 'words',
      score: 'questions-words',
      published: {
        50: { '24M': 13.4, '49M': 15.7, '98M': 18.6, '196M': 19.1, '391M': 22.5, '783M': 23.2 },
        100: { '24M': 19.4, '49M': 23.1, '98M': 27.8, '196M': 28.7, '391M': 33.4, '783M': 32.2 },
        300: { '24M': 23.2, '49M': 29.2, '98M': 35.3, '196M': 38.6, '391M': 43.7, '783M': 45.9 },
        600: { '24M': 24, '49M': 30.1, '98M': 36.5, '196M': 40.8, '391M': 46.6, '783M': 50.4 },
      },
    },
  ],
  figures: [
    {
      kind: 'lines',
      id: 'accuracy-by-words',
      title: 'Accuracy by words of text',
      x: 'words',
      y: 'questions-words',
      series: 'dim',
      table: 'accuracy',
    },
  ],
}

/** As paper 1's tables 4 and 8, and paper 2's figure 2. */
export const rowsRecipe = {
  name: 'rows',
  title: 'Models',
  corpus: 'text8',
  train: { evaluateEvery: '0.5epochs' },
  evaluate: { analogies: ['questions-words'] },
  runs: [
    {
      id: 'cbow',
      label: 'CBOW <1 epoch>',
      words: '783M',
      train: { model: 'cbow', dim: 300 },
      published: { 'questions-words.semantic': 15.5, 'questions-words': 36.1 },
    },
    {
      id: 'sg',
      label: 'Skip-gram & Co_1',
      words: '783M',
      train: { model: 'skipgram', dim: 300 },
      published: { 'questions-words.semantic': 50, 'questions-words': 53.3 },
    },
    { id: 'big', words: '1.6B', train: { dim: 600 } },
  ],
  scales: { tiny: { as: { words: { '783M': '16M', '1.6B': null } } } },
  tables: [
    {
      kind: 'rows',
      id: 'models',
      title: 'Models compared',
      show: [
        { key: 'dim', head: 'dim' },
        { key: 'words', head: 'words' },
      ],
      scores: [
        { score: 'questions-words.semantic', head: 'semantic' },
        { score: 'questions-words', head: 'total' },
        { score: 'seconds', head: 'time (s)', unit: 'seconds' },
      ],
      others: [
        {
          label: 'RNNLM',
          show: { dim: 80, words: '320M' },
          published: { 'questions-words.semantic': 4.9, 'questions-words': 12.7 },
        },
        {
          label: 'NNLM 100 %',
          show: { dim: 100, words: '6B' },
          published: { 'questions-words.semantic': 34.2 },
        },
      ],
    },
    {
      kind: 'words',
      id: 'answers',
      title: 'Answers',
      count: 3,
      asks: [
        { ask: { analogy: ['France', 'Paris', 'Italy'] }, published: { sg: 'Rome' } },
        {
          label: 'near New Zealand',
          ask: { near: 'New Zealand' },
          published: { sg: 'Wellington', cbow: 'Auckland' },
        },
        { ask: { sum: ['Korea', 'capital'] } },
      ],
      others: [{ label: 'Collobert', published: ['reiki_kohona', 'gossip', '–'] }],
    },
  ],
  figures: [
    { kind: 'bars', id: 'speed', title: 'Speed', y: 'wordsPerSecond', unit: 'words' },
    { kind: 'bars', id: 'semantic', title: 'Semantic accuracy', y: 'questions-words.semantic' },
    { kind: 'training', id: 'loss', title: 'Loss', y: 'loss' },
    { kind: 'training', id: 'over-time', title: 'Accuracy over time', y: 'questions-words', x: 'seconds' },
    {
      kind: 'pairs',
      id: 'capitals',
      title: 'Countries and capitals',
      pairs: [...pairs, ['Nowhere', 'Nothing']],
    },
  ],
}
