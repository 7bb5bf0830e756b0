import { CheckpointStore } from '../checkpoint/index.ts'
import { InputError } from '../core/errors.ts'
import type { SafetensorsFile } from '../core/safetensors.ts'
import { splitWords, Vocabulary } from '../corpus/index.ts'
import type { RunFolder } from '../run/index.ts'
import { Predictor, type TrainConfig } from '../word2vec/index.ts'

/** A run's model, as its newest sound checkpoint has it. */
export interface OpenModel extends Pick<TrainConfig, 'model' | 'loss' | 'tokenizer'> {
  /** Words as rows; -1 where one is not known, or was not asked for. */
  numbersOf(words: readonly string[]): number[]
  predictor: Predictor
  close(): void
}

/**
 * Opens the model of a run: input and output matrices lie in its checkpoints.
 *
 * asked   the words that will be asked about, as the tokenizer gives them: others are not remembered
 * memory  the vocabulary while it opens; of the matrices, the rows that are asked for
 * throws  InputError if there is no run, or no sound checkpoint of it
 */
export async function openModel(
  folder: RunFolder,
  asked: (split: (text: string) => string[]) => string[],
): Promise<OpenModel> {
  const config = folder.read().config as unknown as TrainConfig
  const passedOver: string[] = []
  const checkpoint = new CheckpointStore(folder.checkpoints).newest((path, why) =>
    passedOver.push(`${path}: ${why}`),
  )
  if (!checkpoint) throw noModel(folder, passedOver)
  const tensors = checkpoint.tensors()
  try {
    const [vocabularySize, dim] = shapeOf(tensors)
    const vocabulary = (await Vocabulary.read(folder.vocabulary)).first(vocabularySize)
    const numbers = numbersOf(
      vocabulary,
      asked((text) => splitWords(text, config.tokenizer)),
    )
    const predictor = new Predictor({
      ...config,
      dim,
      counts: vocabulary.counts,
      input: rowReader(tensors, 'input', dim),
      output: rowReader(tensors, 'output', dim),
    })
    return {
      ...config,
      predictor,
      numbersOf: (words) => words.map((word) => numbers.get(word) ?? -1),
      close: () => tensors.close(),
    }
  } catch (error) {
    tensors.close()
    throw error
  }
}

function shapeOf(tensors: SafetensorsFile): [rows: number, dim: number] {
  const { input, output } = Object.fromEntries(tensors.tensors)
  if (input && `${input.shape}` === `${output?.shape}`) return input.shape as [number, number]
  throw new InputError('CHECKPOINT_TENSORS', {
    what: `${tensors.path} is no checkpoint of a model`,
    why: 'it has no matrices `input` and `output` of one shape',
  })
}

/** The words' places in the vocabulary. */
function numbersOf(vocabulary: Vocabulary, words: string[]): Map<string, number> {
  const wanted = new Set(words)
  const numbers = new Map<string, number>()
  for (let i = 0; i < vocabulary.length; i++) {
    const word = vocabulary.word(i)
    if (wanted.has(word)) numbers.set(word, i)
  }
  return numbers
}

/** Reads rows of a matrix, each once. */
function rowReader(tensors: SafetensorsFile, name: string, dim: number): (row: number) => Float32Array {
  const rows = new Map<number, Float32Array>()
  return (row) => {
    let values = rows.get(row)
    if (!values) {
      values = new Float32Array(dim)
      tensors.readInto(name, new Uint8Array(values.buffer), row * dim * 4)
      rows.set(row, values)
    }
    return values
  }
}

function noModel(folder: RunFolder, passedOver: string[]): InputError {
  return new InputError('RUN_NO_CHECKPOINT', {
    what: `${folder.path} has no sound checkpoint`,
    why: passedOver[0] ?? 'there is none, or it was removed',
    mend: 'completing a sentence takes the output matrix, which lies there: train the run again in another folder',
  })
}
