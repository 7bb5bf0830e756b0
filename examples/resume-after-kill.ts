// A reader that is killed (SIGKILL) again and again, and still sees every sample exactly once.
//   npx node examples/resume-after-kill.ts
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataLoader, type LoaderState, MapDataset } from 'millrace/loader'

export class Squares extends MapDataset<number> {
  static module = import.meta.url
  readonly length = 1000
  get(index: number) {
    return index * index
  }
}

/** What is known at any time: the work so far, and the place that it belongs to. Saved together, or not at all. */
interface Saved {
  sum: number
  samples: number
  loader: LoaderState
}

function load(path: string): Saved | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null // the first time
  }
}

function save(path: string, saved: Saved): void {
  writeFileSync(`${path}.new`, JSON.stringify(saved))
  renameSync(`${path}.new`, path)
}

async function read(path: string): Promise<void> {
  const saved = load(path)
  const options = {
    batchSize: 16,
    shuffle: true,
    seed: 7,
    numWorkers: 1 + Math.floor(Math.random() * 2),
    lanes: 3,
  }
  const loader = saved
    ? DataLoader.resume(new Squares(), options, saved.loader)
    : new DataLoader(new Squares(), options)
  let { sum, samples } = saved ?? { sum: 0, samples: 0 }
  const last = samples + 200 + Math.random() * 200
  for await (const batch of loader) {
    for (const value of batch) sum += value
    samples += batch.length
    save(path, { sum, samples, loader: loader.state() })
    if (samples > last) process.kill(process.pid, 'SIGKILL') // stands for the machine that lets us down
  }
}

if (import.meta.main) {
  const path = process.argv[2]
  if (path) await read(path)
  else {
    const folder = mkdtempSync(join(tmpdir(), 'resume-'))
    const file = join(folder, 'place.json')
    for (let signal: string | null = 'none yet'; signal !== null; ) {
      const child = fork(import.meta.filename, [file])
      signal = (await once(child, 'exit'))[1]
      console.log(`${signal ? `killed (${signal})` : 'done'} after ${load(file)?.samples} of 1000 samples`)
    }
    const expected = Array.from({ length: 1000 }, (_, i) => i * i).reduce((a, b) => a + b)
    console.log(`sum ${load(file)?.sum}, expected ${expected}`)
    rmSync(folder, { recursive: true })
  }
}
