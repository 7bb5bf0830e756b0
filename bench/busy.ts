import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Ends by itself if the bench is killed. */
const spin = 'const parent = process.ppid; while (process.ppid === parent) for (let i = 0; i < 1e8; i++);'

/** Does some work with another process beside it that keeps one core busy from before its begin to its end. */
export async function besideBusyProcess<Result>(work: (pid: number) => Promise<Result>): Promise<Result> {
  const child = spawn(process.execPath, ['-e', spin], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  await once(child, 'spawn')
  try {
    return await work(child.pid!)
  } finally {
    child.kill('SIGKILL')
    await gone
  }
}
