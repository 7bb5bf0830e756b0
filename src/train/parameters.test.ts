import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CheckpointStore } from '../checkpoint/index.ts'
import { Random } from '../core/random.ts'
import { Vocabulary } from '../corpus/index.ts'
import { createModel, parseTrainConfig, readRows, shapeOf, writeRows } from '../word2vec/index.ts'
import { parameterTensors, restoreParameters } from './parameters.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const blocks = { length: 1, blockBytes: 65_536 }

// Rows are read in parts of a mebibyte: this is three and some.
test.each([{}, { optimizer: 'adagrad' }, { loss: 'hs' }] as const)(
  'parameters of several parts come back from a checkpoint as they were, with %o',
  async (settings) => {
    const words = Array.from({ length: 4000 }, (_, i): [Uint8Array, number] => [encode(`w${i}`), 9])
    const vocabulary = Vocabulary.from(words, 1)
    const config = parseTrainConfig({ dim: 201, ...settings })
    const model = () => createModel(vocabulary, config, shapeOf(vocabulary, blocks, config, 1))
    const [saved, restored] = [model(), model()]
    const random = new Random(7n)
    const names = Object.keys(parameterTensors(saved)) as ['input', 'output']
    const matrices = names.map((name) => {
      const rows = Float32Array.from({ length: parameterTensors(saved)[name]!.shape[0]! * 201 }, () =>
        random.below(1e6),
      )
      writeRows(saved, name, 0, rows)
      return rows
    })
    const store = new CheckpointStore<null>(join(mkdtempSync(join(tmpdir(), 'millrace-')), 'checkpoints'))
    await store.write(null, parameterTensors(saved))
    const file = store.newest()!.tensors()
    restoreParameters(restored, file)
    file.close()
    for (const [i, name] of names.entries()) {
      const rows = new Float32Array(matrices[i]!.length)
      readRows(restored, name, 0, rows)
      expect(
        rows.every((value, at) => value === matrices[i]![at]),
        name,
      ).toBe(true)
    }
  },
)
