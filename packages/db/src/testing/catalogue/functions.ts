import type postgres from 'postgres'
import { FINDER_ROLE } from '../../service-name.ts'
import { finderFunctions, findings } from './expected.ts'

export async function functionProblems(sql: postgres.Sql): Promise<string[]> {
  const functions = await sql<
    {
      name: string
      schema: string
      owner: string
      definer: boolean
      path: boolean
      callers: string[]
      outputs: string[] | null
    }[]
  >`
    select regexp_replace(p.oid::regprocedure::text, '^[a-z_]+[.]', '') as name,
      n.nspname as schema, pg_get_userbyid(p.proowner) as owner, p.prosecdef as definer,
      coalesce(p.proconfig @> array['search_path=app, pg_temp'], false) as path,
      (select array_agg(distinct case when x.grantee = 0 then 'public'
          else replace(pg_get_userbyid(x.grantee), 'callwire_', '') end)
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x) as callers,
      (select array_agg(a.name) from unnest(p.proargnames, p.proargmodes) as a (name, mode)
        where a.mode = 't') as outputs
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('app', 'finder')
      or (p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema'))
  `
  const problems: string[] = []
  for (const item of functions) {
    if (item.callers.includes('public')) problems.push(`anybody may call: ${item.name}`)
    if (item.schema !== 'finder') {
      if (item.definer) problems.push(`definer outside the finder: ${item.name}`)
      continue
    }
    const callers = finderFunctions[item.name]
    if (callers === undefined) {
      problems.push(`finder function not in the list: ${item.name}`)
      continue
    }
    if (!item.definer || !item.path || item.owner !== FINDER_ROLE) {
      problems.push(`unsound finder function: ${item.name}`)
    }
    const outside = item.callers.filter((name) => name !== 'finder').toSorted()
    if (outside.join() !== callers.toSorted().join()) {
      problems.push(`wrong callers: ${item.name}`)
    }
    if (item.outputs?.some((output) => !findings.includes(output)) === true) {
      problems.push(`finder gives more than ids: ${item.name}`)
    }
  }
  const known = new Set(functions.map(({ name }) => name))
  return [
    ...problems,
    ...Object.keys(finderFunctions)
      .filter((name) => !known.has(name))
      .map((name) => `finder function missing: ${name}`),
  ]
}
