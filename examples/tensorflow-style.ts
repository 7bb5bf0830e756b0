// Feeding a library that wants { xs, ys } tensors, as TensorFlow.js's fitDataset does, from workers.
//   npx node examples/tensorflow-style.ts
import { DataLoader, IterableDataset, type Tensor } from 'millrace/loader'

/** Points of the plane, and whether they lie in the unit circle. */
export class Points extends IterableDataset<{ xs: Float32Array; ys: number }> {
  static module = import.meta.url
  readonly length = 64;

  *[Symbol.iterator]() {
    for (let i = 0; i < this.length; i++) {
      const [x, y] = [Math.cos(i * 2.4) * (i / 40), Math.sin(i * 2.4) * (i / 40)]
      yield { xs: Float32Array.of(x, y), ys: Number(x * x + y * y < 1) }
    }
  }
}

// Stands in for tf.tensor2d and model.fitDataset, which take just these arguments.
function tensor2d(values: Float32Array, [rows, columns]: [number, number]) {
  return { rows, columns, values }
}

async function fitDataset(batches: AsyncIterable<{ xs: ReturnType<typeof tensor2d>; ys: Float64Array }>) {
  for await (const { xs, ys } of batches) {
    const inside = ys.reduce((sum, y) => sum + y, 0)
    console.log(
      `xs ${xs.rows}×${xs.columns} ${xs.values.constructor.name}, ys ${ys.length}, ${inside} in the circle`,
    )
  }
}

/** Typed arrays of one length come stacked: `data` row after row, with its `shape`. */
async function* asTensors(loader: AsyncIterable<{ xs: Tensor<Float32Array>; ys: Float64Array }>) {
  for await (const { xs, ys } of loader) yield { xs: tensor2d(xs.data, xs.shape as [number, number]), ys }
}

if (import.meta.main)
  await fitDataset(asTensors(new DataLoader(new Points(), { batchSize: 24, numWorkers: 2 })))
