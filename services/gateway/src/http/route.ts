import type { FastifyRequest, HTTPMethods } from 'fastify'
import { z } from 'zod'
import type { Principal, UserPrincipal } from '@callwire/accounts'
import type { Access } from './access.ts'

/** What a route answers: a status it declared, and a body that fits that status. */
type ReplyOf<R extends Record<number, z.ZodType>> = {
  [S in keyof R & number]: {
    status: S
    body?: z.input<R[S]>
    headers?: Record<string, string>
  }
}[keyof R & number]

type Input<A extends Access, P extends z.ZodType, Q, B, H> = {
  principal: A extends 'public' ? null : A extends 'session' ? UserPrincipal : Principal
  params: z.output<P>
  query: Q extends z.ZodType ? z.output<Q> : undefined
  body: B extends z.ZodType ? z.output<B> : undefined
  headers: H extends z.ZodType ? z.output<H> : undefined
  request: FastifyRequest
}

export type RouteSchemas = {
  params: z.ZodType
  query: z.ZodType
  body: z.ZodType | null
  headers: z.ZodType | null
  replies: Record<number, z.ZodType>
}

/** One route, with its types behind it: what the server registers and the matrix test walks. */
export type Route = {
  method: HTTPMethods
  /** Below the scope's prefix; several are aliases of one route. */
  paths: readonly string[]
  access: Access
  tag: string
  summary: string
  description?: string
  schemas: RouteSchemas
  handle(input: {
    principal: Principal | null
    params: unknown
    query: unknown
    body: unknown
    headers: unknown
    request: FastifyRequest
  }): Promise<{ status: number; body?: unknown; headers?: Record<string, string> }>
}

/** A path without parameters; also refuses a query where none is declared. */
const nothing = z.strictObject({})

/** `:id` in a path. Its shape says nothing to the caller: what is malformed does not exist. */
export const idParams = z.strictObject({ id: z.string().max(200) })

/** An answer without a body. */
export const noContent = z.undefined().meta({ description: 'Done; no body' })

/** Declares a route; the handler's input and its answer are typed by the schemas. */
export function route<
  A extends Access,
  R extends Record<number, z.ZodType>,
  P extends z.ZodType = typeof nothing,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  H extends z.ZodType | undefined = undefined,
>(spec: {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string | readonly string[]
  access: A
  tag: string
  summary: string
  description?: string
  params?: P
  query?: Q
  body?: B
  headers?: H
  replies: R
  handle: (input: Input<A, P, Q, B, H>) => Promise<ReplyOf<R>>
}): Route {
  const { path, params, query, body, headers, replies, handle, ...rest } = spec
  return {
    ...rest,
    paths: typeof path === 'string' ? [path] : path,
    schemas: {
      params: params ?? nothing,
      query: query ?? nothing,
      body: body ?? null,
      headers: headers ?? null,
      replies,
    },
    // The server validates with these very schemas and authenticates by this very access before
    // it calls: the types hold, though the table cannot express them.
    handle: (input) => handle(input as Input<A, P, Q, B, H>),
  }
}
