import { Vocabulary } from '../corpus/index.ts'
import { type TrainKernelName, trainKernelName } from '../runtime/wasm.ts'
import { ColumnKernel } from './column-kernel.ts'
import { leavesOf } from './columns.ts'
import type { TrainConfig } from './config.ts'
import { KernelThread } from './kernel-thread.ts'
import { createModel, matrixNames, readRows, sentenceBreak, shapeOf } from './model.ts'

/**
 * Chooses the kernel to train with. The wide one rests on an experiment of the engine's, so it must first have given the
 * same bits as the other on a small model of the same config, which takes some hundredths of a second.
 *
 * byColumns  whether the run's model is laid out for threads that share windows
 * onDoubt    told, in words, if it has not
 */
export function chooseKernel(
  config: TrainConfig,
  byColumns: boolean,
  onDoubt: (why: string) => void,
  kernel = trainKernelName(config.arithmetic),
  bits = trySmall,
): TrainKernelName {
  // As many leaves as the run has, and its way through the windows.
  const dim = leavesOf(config.dim) === 2 ? Math.min(config.dim, 72) : 200
  const tried = { ...config, dim, sample: 0, deterministic: byColumns }
  if (kernel !== 'train.wide' || bits(tried, kernel).equals(bits(tried, 'train.relaxed'))) return kernel
  onDoubt('this engine makes mistakes with operations of 256 bits: training goes on without them, slower')
  return 'train.relaxed'
}

const words = 64
const trained = 500

/** The bits of a small model that was trained for some windows. */
function trySmall(config: TrainConfig, name: TrainKernelName): Buffer {
  const listed = Array.from({ length: words }, (_, i): [Uint8Array, number] => [
    Buffer.from([97 + i]),
    2 * words - i,
  ])
  const vocabulary = Vocabulary.from(listed, 1)
  const shape = shapeOf(vocabulary, { length: 1, blockBytes: 4096 }, config, 1)
  const model = createModel(vocabulary, config, shape, name)
  const kernel = KernelThread.load(model, 0)
  const ids = new Uint32Array(model.memories[0]!.buffer, model.layout.threads[0]!.ids, trained)
  // No order that windows would repeat in.
  for (let i = 0; i < trained; i++) ids[i] = i % 50 === 49 ? sentenceBreak : (i * i + 7 * i) % words
  ids[trained - 1] = sentenceBreak
  kernel.seed(1n)
  if (model.layout.byColumns)
    walk(new ColumnKernel(model, kernel.kernel, 0), kernel.subsample(ids), ids.byteOffset)
  else kernel.train(ids, 0.05)
  const { loss, pairs } = kernel.sums()
  const matrices = matrixNames(model).map((matrix) => {
    const rows = new Float32Array(words * config.dim)
    readRows(model, matrix, 0, rows)
    return Buffer.from(rows.buffer)
  })
  return Buffer.concat([Buffer.from(Float64Array.of(loss, pairs).buffer), ...matrices])
}

function walk(columns: ColumnKernel, kept: number, place: number): void {
  for (let batch = 0; batch < columns.batches(kept); batch++) {
    columns.draw(batch, place, kept, batch)
    columns.multiply(batch)
    columns.move(batch, 0.05)
  }
}
