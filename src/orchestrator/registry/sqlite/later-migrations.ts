// The steps of the schema's history from 0014 on.
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { run } from './run-statements.ts';

export const laterMigrations: Readonly<Record<string, Migration>> = {
  '0014-usage': {
    async up(database: Kysely<unknown>) {
      const now = "cast(unixepoch('subsec') * 1000 as integer)";
      const stored = (session: string) => `select tenant, ${session}, ${now} / 3600000 * 3600000,
        ${now}, 0, sum(storedBytes) from snapshot`;
      await run(
        database,
        // By tenant and hour, so that what is counted now stands together; an empty session is the whole tenant.
        `create table usage (
          tenant text not null,
          hour integer not null,
          sessionId text not null,
          cpuSeconds real not null,
          memoryByteSeconds real not null,
          sandboxSeconds real not null,
          networkSentBytes integer not null,
          networkReceivedBytes integer not null,
          executions integer not null,
          primary key (tenant, hour, sessionId)
        ) strict, without rowid`,
        'create index usageOfSession on usage (tenant, sessionId, hour)',
        `create table usageReading (
          runtimeId text primary key,
          at integer not null,
          cpuSeconds real not null,
          memoryBytes integer not null
        ) strict, without rowid`,
        `create table usageStorage (
          tenant text not null,
          sessionId text not null,
          hour integer not null,
          at integer not null,
          byteSeconds real not null,
          bytes integer not null,
          primary key (tenant, sessionId, hour)
        ) strict, without rowid`,
        `insert into usageStorage ${stored("''")} group by tenant`,
        `insert into usageStorage ${stored('sessionId')} where sessionId is not null
          group by tenant, sessionId`,
      );
    },
  },
  '0015-profiles': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table execution add column profiled integer not null default 0',
        `create table profile (
          executionId text primary key references execution (executionId) on delete cascade,
          profile text not null check (json_valid(profile)),
          storedAt integer not null
        ) strict`,
      );
    },
  },
  '0016-logins': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        `create table login (
          position integer primary key,
          loginId text not null unique,
          tokenHash text not null unique,
          subject text not null,
          tenant text not null references tenant (tenantId),
          role text not null,
          createdAt integer not null,
          expiresAt integer not null,
          lastUsedAt integer not null
        ) strict`,
        `create trigger loginOfDeletedTenant before insert on login
          when exists (select 1 from tenant where tenantId = new.tenant and deletedAt is not null)
          begin select raise(abort, 'tenant is deleted'); end`,
      );
    },
  },
};
