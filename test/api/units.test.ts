// The units of docs/running-for-days.md, as far as they can be tried without the systems that they are for.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { InputError, MillraceError, StoppedError } from '../../src/core/errors.ts'
import { madeUpText } from '../made-up-text.ts'

const root = join(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/running-for-days.md'), 'utf8')
const failed = new MillraceError('', { what: '' }).exitCode
const badInput = new InputError('', { what: '' }).exitCode
const saved = new StoppedError('', { what: '' }).exitCode
const program = [
  '/opt/millrace/node_modules/.bin/node',
  '/opt/millrace/bin/millrace.js',
  ...['train', 'corpus.txt', '--out', 'runs/mine', '--no-supervise'],
]

/** The only piece of the guide in such a language that begins so. */
function piece(language: string, begin: string): string {
  const pieces = [...guide.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)]
    .filter(([, found, text]) => found === language && text!.startsWith(begin))
    .map(([, , text]) => text!)
  expect(pieces).toHaveLength(1)
  return pieces[0]!
}

test("systemd's unit restarts as the exit codes ask for", () => {
  const sections: Record<string, Record<string, string>> = {}
  let section: Record<string, string> = {}
  for (const line of piece('ini', '# /etc/systemd').trimEnd().split('\n')) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? []
    const [, key, value] = /^(\w+)=(.+)$/.exec(line) ?? []
    if (name) section = sections[name] = {}
    else if (key) section[key] = value!
    else expect(line).toMatch(/^(#.*)?$/)
  }
  expect(Object.keys(sections)).toEqual(['Unit', 'Service', 'Install'])
  expect(sections.Service).toMatchObject({
    ExecStart: program.join(' '),
    Restart: 'on-failure',
    RestartForceExitStatus: `${saved}`,
    RestartPreventExitStatus: `${failed} ${badInput}`,
    SuccessExitStatus: `${saved}`,
    KillSignal: 'SIGTERM',
  })
})

test("the Kubernetes Job's rules are those of the exit codes", () => {
  const documents = parseAllDocuments(piece('yaml', 'apiVersion'))
  expect(documents.flatMap(({ errors }) => errors)).toEqual([])
  const [claim, job] = documents.map((document) => document.toJS())
  expect([claim.kind, job.kind]).toEqual(['PersistentVolumeClaim', 'Job'])
  const { restartPolicy, containers, volumes } = job.spec.template.spec
  const [{ name, command, args, volumeMounts }] = containers
  const onExitCodes = (values: number[]) => ({ containerName: name, operator: 'In', values })
  expect(job.spec.podFailurePolicy.rules).toEqual([
    { action: 'FailJob', onExitCodes: onExitCodes([failed, badInput]) },
    { action: 'Ignore', onExitCodes: onExitCodes([saved]) },
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
  ])
  expect(restartPolicy).toBe('Never')
  expect([...command, ...args]).toEqual(program)
  expect(volumes[0]).toEqual({
    name: volumeMounts[0].name,
    persistentVolumeClaim: { claimName: claim.metadata.name },
  })
})

/** Runs the batch script with the real trainer, behind an `srun` and an `scontrol` that stand for Slurm's. */
function submit(text: string | undefined, { restarts = 0, flags = '' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  const stubs = join(folder, 'bin')
  const launcher = join(import.meta.dirname, '../support/millrace.ts')
  const stub = (name: string, lines: string) => {
    writeFileSync(join(stubs, name), `#!/bin/bash\n${lines}\n`)
    chmodSync(join(stubs, name), 0o755)
  }
  mkdirSync(stubs)
  stub('srun', `shift 3; exec '${process.execPath}' --conditions=millrace-source '${launcher}' "$@" ${flags}`)
  stub('scontrol', `echo "$@" >> '${folder}/requeued'`)
  writeFileSync(join(folder, 'job.sh'), piece('bash', '#!/bin/bash\n#SBATCH'))
  if (text !== undefined) writeFileSync(join(folder, 'corpus.txt'), text)
  const env = {
    ...process.env,
    PATH: `${stubs}:${process.env.PATH}`,
    SLURM_JOB_ID: '17',
    SLURM_CPUS_PER_TASK: '1',
    SLURM_RESTART_COUNT: `${restarts}`,
  }
  const job = spawn('bash', ['job.sh'], { cwd: folder, env, stdio: 'ignore', detached: true })
  onTestFinished(() => {
    try {
      process.kill(-job.pid!, 'SIGKILL') // the group: where the test has failed, the trainer may still be there
    } catch {
      // All have ended.
    }
  })
  const ended = once(job, 'exit').then(([code]) => ({
    code,
    requeued: existsSync(join(folder, 'requeued')) ? readFileSync(join(folder, 'requeued'), 'utf8') : '',
  }))
  return {
    job,
    ended,
    checkpoints: join(folder, 'runs/mine/checkpoints'),
    claims: join(folder, 'runs/mine/claims'),
  }
}

const small = ['--dim 8', '--min-count 1', '--epochs 1', '--threads 1'].join(' ')
const long = ['--dim 256', '--min-count 1', '--epochs 1000', '--threads 1'].join(' ')

/** Waits until a block is at work, and then gives the job's shell the signal that Slurm would. */
async function preempt({ job, claims }: ReturnType<typeof submit>): Promise<void> {
  const isAtWork = () => existsSync(claims) && readFileSync(claims).some((byte) => byte > 0)
  for (let i = 0; i < 500 && !isAtWork(); i++) await sleep(20)
  job.kill('SIGTERM')
}

test("Slurm's script queues the job again when its time is up, and not when it is done or failed", async () => {
  const stopped = submit(madeUpText(200_000, 3), { flags: long })
  await preempt(stopped)
  expect(await stopped.ended).toEqual({ code: 0, requeued: 'requeue 17\n' })
  expect(existsSync(join(stopped.checkpoints, '000001'))).toBe(true)
  expect(await submit(madeUpText(20_000, 3), { flags: small }).ended).toEqual({ code: 0, requeued: '' })
  expect(await submit(undefined).ended).toEqual({ code: badInput, requeued: '' })
})

test("Slurm's script does not go on for ever", async () => {
  const stopped = submit(madeUpText(200_000, 3), { restarts: 100, flags: long })
  await preempt(stopped)
  expect(await stopped.ended).toEqual({ code: saved, requeued: '' })
})
