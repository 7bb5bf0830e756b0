import { expect, test } from 'vitest'
import { Team } from './team.ts'

/** Rounds of 1000 words; returns how many threads each had. `speed` in words a millisecond. */
function play(team: Team, rounds: number, speed: (active: number, round: number) => number): number[] {
  return Array.from({ length: rounds }, (_, round) => {
    const active = team.choose()
    team.tell(active, 1000, 1000 / speed(active, round))
    return active
  })
}

test('all threads take part while they are faster, and half of them are tried ever more rarely', () => {
  const active = play(new Team(2, 'measured'), 300, (threads) => (threads === 2 ? 5 : 3))
  const trials = active.flatMap((threads, round) => (threads === 1 ? [round] : []))
  expect(trials[0]).toBe(2)
  expect(trials.length).toBeLessThan(8)
  for (let i = 2; i < trials.length; i++)
    expect(trials[i]! - trials[i - 1]!).toBeGreaterThanOrEqual(trials[i - 1]! - trials[i - 2]!)
})

test('a slow first round, while the engine still compiles, decides nothing', () => {
  const active = play(new Team(2, 'measured'), 10, (threads, round) =>
    round === 0 ? 1 : threads === 2 ? 5 : 3,
  )
  expect(active.filter((threads) => threads === 1)).toHaveLength(1)
})

test('where the core of one is taken, fewer go on, and all are tried again ever more rarely', () => {
  const team = new Team(2, 'measured')
  const active = play(team, 200, (threads) => (threads === 2 ? 0.5 : 2))
  expect(active.filter((threads) => threads === 2).length).toBeLessThan(12)
  // Free again: at the next trial all of them take over, and stay.
  const later = play(team, 200, (threads) => (threads === 2 ? 5 : 3))
  expect(later.slice(64).filter((threads) => threads === 1).length).toBeLessThan(6)
  // Taken again, having been fast.
  const taken = play(team, 200, (threads) => (threads === 2 ? 0.5 : 2))
  expect(taken.slice(64).filter((threads) => threads === 2).length).toBeLessThan(6)
})

test('slow rounds of all are kept to if fewer would be slower', () => {
  const team = new Team(4, 'measured')
  play(team, 5, () => 5)
  const active = play(team, 100, (threads) => (threads === 4 ? 2 : 1))
  expect(active.filter((threads) => threads === 4).length).toBeGreaterThan(60)
})

test('all of them always, if so asked; and one is one', () => {
  expect(new Set(play(new Team(8, 'all'), 50, (_, round) => 50 - round))).toEqual(new Set([8]))
  expect(new Set(play(new Team(1, 'measured'), 50, (_, round) => 50 - round))).toEqual(new Set([1]))
})
