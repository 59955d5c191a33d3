import type { KeyHolder, KeyStore } from '../key-store.ts'
import type { Runner } from './runner.ts'

/** A process beats every two seconds: whoever missed this many is taken for gone. */
const ALIVE = `interval '15 seconds'`
/** Kept a while longer, for whoever looks into what went wrong. */
const KEPT = `interval '1 minute'`

export function keyHolders(runner: Runner): Pick<KeyStore, 'beat' | 'leave' | 'holders'> {
  return {
    beat: async ({ instance, service, kids, primary }) => {
      // Rows that another process deletes at this moment are left to it: nobody waits for anybody.
      await runner.rows(
        `with silent as (
          select instance from app.key_holders
          where beat_at < now() - ${KEPT} and instance <> $1 for update skip locked
        ), forgotten as (
          delete from app.key_holders where instance in (select instance from silent)
        )
        insert into app.key_holders (instance, service, kids, primary_kid) values ($1, $2, $3, $4)
        on conflict (instance) do update set service = excluded.service, kids = excluded.kids,
          primary_kid = excluded.primary_kid, beat_at = now()`,
        [instance, service, [...kids], primary],
      )
    },

    leave: async (instance) => {
      await runner.rows('delete from app.key_holders where instance = $1', [instance])
    },

    holders: () =>
      runner.rows<KeyHolder>(
        `select instance, service, kids, primary_kid as primary, started_at as "startedAt",
          beat_at as "beatAt"
        from app.key_holders where beat_at > now() - ${ALIVE} order by service, instance`,
      ),
  }
}
