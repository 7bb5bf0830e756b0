// A training loop of your own that can be killed at any moment: weights and place are saved together.
//   npx node examples/own-loop.ts [folder] [--die-at STEP]
import { join } from 'node:path'
import { CheckpointStore } from 'millrace/checkpoint'
import { DataLoader, type LoaderState, MapDataset } from 'millrace/loader'

const epochs = 4
const saveEvery = 25
const rate = 0.02

/** Noisy points of y = 3x − 2. */
export class Line extends MapDataset<{ x: number; y: number }> {
  static module = import.meta.url
  readonly length = 2000
  get(index: number) {
    const x = ((index * 7919) % 2000) / 1000 - 1
    const noise = (((index * 104729) % 1000) / 1000 - 0.5) / 5
    return { x, y: 3 * x - 2 + noise }
  }
}

interface Place {
  step: number
  loader: LoaderState
}

async function train(folder: string, dieAt: number): Promise<void> {
  const store = new CheckpointStore<Place>(join(folder, 'checkpoints'))
  const dataset = new Line()
  const options = { batchSize: 32, shuffle: true, seed: 1, numWorkers: 2 }
  const weights = new Float64Array(2) // slope, intercept
  let step = 0

  const saved = store.newest()
  if (saved) {
    step = saved.state.step
    const file = saved.tensors()
    weights.set(new Float64Array(file.read('weights').slice().buffer))
    file.close()
    console.log(`going on at step ${step}`)
  }
  const loader = saved
    ? DataLoader.resume(dataset, options, saved.state.loader)
    : new DataLoader(dataset, options)

  while (loader.epoch < epochs) {
    let loss = 0
    for await (const { x, y } of loader) {
      const gradient = [0, 0]
      for (let i = 0; i < x.length; i++) {
        const error = weights[0]! * x[i]! + weights[1]! - y[i]!
        loss += error * error
        gradient[0]! += error * x[i]!
        gradient[1]! += error
      }
      weights[0]! -= (rate * gradient[0]!) / Math.sqrt(x.length)
      weights[1]! -= (rate * gradient[1]!) / Math.sqrt(x.length)
      step++
      if (step % saveEvery === 0) {
        const bytes = new Uint8Array(weights.buffer)
        await store.write({ step, loader: loader.state() }, { weights: { dtype: 'F64', shape: [2], bytes } })
      }
      if (step === dieAt) process.kill(process.pid, 'SIGKILL')
    }
    console.log(`epoch ${loader.epoch}: ${step} steps, loss of what was seen of it ${loss.toFixed(3)}`)
  }
  console.log(`y = ${weights[0]} x + ${weights[1]}`)
}

if (import.meta.main) {
  const args = process.argv.slice(2)
  const at = args.indexOf('--die-at')
  const dieAt = at < 0 ? 0 : Number(args.splice(at, 2)[1])
  await train(args[0] ?? 'runs/own-loop', dieAt)
}
