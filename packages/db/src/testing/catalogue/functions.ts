import type postgres from 'postgres'
import { BATCH_ROLE, FINDER_ROLE, READER_ROLE } from '../../service-name.ts'
import {
  answers,
  batchFence,
  batchFunctions,
  credentialReaders,
  finderFunctions,
  findings,
  readerFunctions,
  schemaHolders,
} from './expected.ts'

type Found = {
  name: string
  schema: string
  owner: string
  definer: boolean
  path: string
  callers: string[]
  outputs: string[] | null
}

/** The schemas whose functions act with rights that their callers have not. */
const definers: Readonly<
  Record<
    string,
    {
      owner: string
      functions: Readonly<Record<string, readonly string[]>>
      /** What they may give back; null: see {@link mayGive}. */
      outputs: readonly string[] | null
      tooMuch: string
    }
  >
> = {
  finder: {
    owner: FINDER_ROLE,
    functions: finderFunctions,
    outputs: findings,
    tooMuch: 'finder gives more than ids',
  },
  batch: {
    owner: BATCH_ROLE,
    functions: batchFunctions,
    outputs: answers,
    tooMuch: 'batch gives more than answers',
  },
  reader: {
    owner: READER_ROLE,
    functions: readerFunctions,
    outputs: null,
    tooMuch: 'reader gives credentials away',
  },
}

export async function functionProblems(sql: postgres.Sql): Promise<string[]> {
  const functions = await sql<Found[]>`
    select regexp_replace(p.oid::regprocedure::text, '^[a-z_]+[.]', '') as name,
      n.nspname as schema, pg_get_userbyid(p.proowner) as owner, p.prosecdef as definer,
      coalesce((select setting from unnest(p.proconfig) as c (setting)
        where setting like 'search_path=%'), '') as path,
      (select array_agg(distinct case when x.grantee = 0 then 'public'
          else replace(pg_get_userbyid(x.grantee), 'callwire_', '') end)
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x) as callers,
      (select array_agg(a.name) from unnest(p.proargnames, p.proargmodes) as a (name, mode)
        where a.mode = 't') as outputs
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('app', 'finder', 'batch', 'reader')
      or (p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema'))
  `
  const known = new Set(functions.map(({ schema, name }) => `${schema}.${name}`))
  return [
    ...functions.flatMap(problemsOf),
    ...Object.entries(definers).flatMap(([schema, { functions: listed }]) =>
      Object.keys(listed)
        .filter((name) => !known.has(`${schema}.${name}`))
        .map((name) => `${schema} function missing: ${name}`),
    ),
    ...(await schemaProblems(sql)),
  ]
}

function problemsOf(item: Found): string[] {
  const open = item.callers.includes('public') ? [`anybody may call: ${item.name}`] : []
  if (item.schema === 'batch' && item.name === batchFence) return [...open, ...fenceProblems(item)]
  const rule = definers[item.schema]
  if (rule === undefined) {
    return [...open, ...(item.definer ? [`definer outside the finder: ${item.name}`] : [])]
  }
  const callers = rule.functions[item.name]
  if (callers === undefined) {
    return [...open, `${item.schema} function not in the list: ${item.name}`]
  }
  const sound =
    item.definer && item.path === 'search_path=app, pg_temp' && item.owner === rule.owner
  return [
    ...open,
    ...(sound ? [] : [`unsound ${item.schema} function: ${item.name}`]),
    ...callerProblems(item, callers),
    ...(item.outputs?.some((output) => !mayGive(rule.outputs, callers, output)) === true
      ? [`${rule.tooMuch}: ${item.name}`]
      : []),
  ]
}

/** Without a list, sealed credentials go to those who may read them anyway. */
function mayGive(listed: readonly string[] | null, callers: readonly string[], output: string) {
  if (listed !== null) return listed.includes(output)
  const mayRead = (service: string) => credentialReaders.includes(`callwire_${service}`)
  return !output.startsWith('enc_') || callers.every(mayRead)
}

/** It acts for whoever asks, and reads nothing but a setting. */
function fenceProblems(item: Found): string[] {
  const sound = !item.definer && item.path === '' && item.owner === BATCH_ROLE
  return [
    ...(sound ? [] : [`unsound fence of batches: ${item.name}`]),
    ...callerProblems(item, ['owner', 'reader']),
  ]
}

function callerProblems(item: Found, listed: readonly string[]): string[] {
  const outside = item.callers.filter((name) => name !== item.schema).toSorted()
  return outside.join() === listed.toSorted().join() ? [] : [`wrong callers: ${item.name}`]
}

async function schemaProblems(sql: postgres.Sql): Promise<string[]> {
  const holders = await sql<{ schema: string; holder: string }[]>`
    select n.nspname as schema, case when x.grantee = 0 then 'public'
        else replace(pg_get_userbyid(x.grantee), 'callwire_', '') end || ': ' ||
      string_agg(x.privilege_type, ' ' order by x.privilege_type) as holder
    from pg_namespace n cross join lateral aclexplode(n.nspacl) x
    where n.nspname in ${sql(Object.keys(schemaHolders))}
    group by n.nspname, x.grantee order by 1, 2
  `
  return Object.entries(schemaHolders).flatMap(([schema, listed]) => {
    const found = holders.filter((row) => row.schema === schema).map(({ holder }) => holder)
    return found.join() === listed.join() ? [] : [`holders of schema not as listed: ${schema}`]
  })
}
