import { Vocabulary } from '../corpus/index.ts'
import { type TrainKernelName, trainKernelName } from '../runtime/wasm.ts'
import type { TrainConfig } from './config.ts'
import { KernelThread } from './kernel-thread.ts'
import { LaneKernel } from './lane-kernel.ts'
import { laneCount } from './layout.ts'
import { createModel, matrixNames, readRows, type SharedModel, sentenceBreak, shapeOf } from './model.ts'

/**
 * Chooses the kernel to train with. The wide one rests on an experiment of the engine's, so it must first have given the
 * same bits as the other on a small model of the same config, which takes some hundredths of a second.
 *
 * inLanes  whether the run's model is laid out for threads that share lanes
 * onDoubt  told, in words, if it has not
 */
export function chooseKernel(
  config: TrainConfig,
  inLanes: boolean,
  onDoubt: (why: string) => void,
  kernel = trainKernelName(config.arithmetic),
  bits = trySmall,
): TrainKernelName {
  const dim = Math.min(config.dim, 72)
  const tried = { ...config, dim, sample: 0, deterministic: inLanes }
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
  const sums = model.layout.inLanes ? trainInLanes(model, kernel, ids) : trainFreely(kernel, ids)
  const matrices = matrixNames(model).map((matrix) => {
    const rows = new Float32Array(words * config.dim)
    readRows(model, matrix, 0, rows)
    return Buffer.from(rows.buffer)
  })
  return Buffer.concat([Buffer.from(Float64Array.of(sums.loss, sums.pairs).buffer), ...matrices])
}

function trainFreely(kernel: KernelThread, ids: Uint32Array) {
  kernel.train(ids, 0.05)
  return kernel.sums()
}

function trainInLanes(model: SharedModel, kernel: KernelThread, ids: Uint32Array) {
  const lanes = new LaneKernel(model, kernel.kernel, 0)
  const block = { seed: 1n, kept: ids.byteOffset, length: kernel.subsample(ids) }
  lanes.clearSums()
  for (let round = 0; round < lanes.rounds(block.length); round++) {
    for (let lane = 0; lane < laneCount; lane++) lanes.mark(lane, block, round)
    for (let lane = 0; lane < laneCount; lane++) lanes.train(lane, block, round, 0.05)
    lanes.merge({ from: 0, to: laneCount })
  }
  return lanes.sums()
}
