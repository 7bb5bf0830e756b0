import { Argument, Command, Option } from 'commander'
import { ConfigError } from '../core/errors.ts'
import { type KeyedVectors, type Neighbour, type VectorFormat, vectorFormats } from '../vectors/index.ts'
import { loadVectors, wholeNumber } from './load-vectors.ts'
import { print, printJson, table } from './output.ts'

interface Options {
  count: number
  method: 'add' | 'mul'
  restrict?: number
  from?: VectorFormat
  json?: boolean
}

type Question = 'near' | 'analogy' | 'odd' | 'similarity'

/** `millrace query`: asks the vectors. */
export function command(): Command {
  return new Command('query')
    .argument('<vectors>', 'a run folder, or a file of vectors')
    .addArgument(new Argument('<question>', 'what to ask').choices(['near', 'analogy', 'odd', 'similarity']))
    .argument('<words...>', 'the words to ask about')
    .option('--count <n>', 'how many words to show (near, analogy)', wholeNumber('--count'), 10)
    .option(
      '--restrict <n>',
      'look only among the n most frequent words (near, analogy) (default: all)',
      wholeNumber('--restrict'),
    )
    .addOption(
      new Option('--method <method>', 'of analogy: 3CosAdd or 3CosMul')
        .choices(['add', 'mul'])
        .default('add'),
    )
    .addOption(
      new Option('--from <format>', 'format of the file (default: by its content)').choices(vectorFormats),
    )
    .option('--json', 'one line of JSON instead of a table')
    .addHelpText(
      'after',
      `
Questions:
  near W…          the words nearest by cosine; to several words: nearest to their mean
  analogy A B C    A is to B as C is to …
  odd W…           the word that fits the others least
  similarity A B   the cosine of two words

Examples:
  millrace query runs/quick near gold
  millrace query runs/quick near army navy --count 5
  millrace query vectors.bin analogy man king woman
  millrace query runs/quick odd gold silver copper children
  millrace query runs/quick similarity army navy --json`,
    )
    .action(query)
}

function query(path: string, question: Question, words: string[], options: Options): void {
  checkWords(question, words)
  const { value, text } = ask(loadVectors(path, options.from), question, words, options)
  if (options.json) printJson({ type: question, words, ...value })
  else print(text)
}

interface Answer {
  /** For machines. */
  value: object
  /** For people. */
  text: string
}

function ask(vectors: KeyedVectors, question: Question, words: string[], options: Options): Answer {
  const [a, b, c] = words as [string, string, string]
  switch (question) {
    case 'near':
      return neighboursAnswer(vectors.near(words, options))
    case 'analogy':
      return neighboursAnswer(
        vectors.analogy(a, b, c, options),
        options.method === 'add' ? 'cosine' : 'score',
      )
    case 'odd': {
      const odd = vectors.odd(words)
      return { value: { odd }, text: odd }
    }
    case 'similarity': {
      const similarity = vectors.similarity(a, b)
      return { value: { similarity }, text: similarity.toFixed(4) }
    }
  }
}

function neighboursAnswer(neighbours: Neighbour[], score = 'cosine'): Answer {
  const rows = neighbours.map(({ word, score }) => [word, score.toFixed(4)])
  return { value: { neighbours }, text: table([['word', score], ...rows]) }
}

/** Before the vectors are read, which may take a while. */
function checkWords(question: Question, words: string[]): void {
  const { right, example } = {
    near: { right: words.length >= 1, example: 'near king' },
    analogy: { right: words.length === 3, example: 'analogy man king woman' },
    odd: { right: words.length >= 3, example: 'odd breakfast cereal dinner lunch' },
    similarity: { right: words.length === 2, example: 'similarity army navy' },
  }[question]
  if (right) return
  const needs = { near: '1 or more', analogy: '3', odd: '3 or more', similarity: '2' }[question]
  throw new ConfigError('QUERY_WORDS', {
    what: `${question} was asked with ${words.length} word${words.length === 1 ? '' : 's'}`,
    why: `it needs ${needs}`,
    mend: `write it like: ${example}`,
  })
}
