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

test('all threads take part while they are fast', () => {
  expect(new Set(play(new Team(2, 'measured'), 100, () => 5))).toEqual(new Set([2]))
})

test('where the core of one is taken, fewer go on, and all are tried again ever more rarely', () => {
  const team = new Team(2, 'measured')
  play(team, 5, () => 5)
  const active = play(team, 200, (threads) => (threads === 2 ? 0.5 : 2))
  expect(active.filter((threads) => threads === 2).length).toBeLessThan(12)
  const later = play(team, 200, () => 5)
  expect(later.slice(100)).toEqual(Array(100).fill(2))
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
