// The schema's history: numbered steps that are only ever added to. All pending ones run in one transaction. New ones go
// into later-migrations.ts.
import type { Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';
import { laterMigrations } from './later-migrations.ts';
import { run } from './run-statements.ts';

const labelsOfSession = `select position, tenant, label.key, label.value
  from session join json_each(session.config, '$.labels') as label`;

const migrations: Record<string, Migration> = {
  '0001-sessions': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        `create table session (
          position integer primary key,
          sessionId text not null unique,
          tenant text not null,
          name text,
          language text not null,
          state text not null,
          createdAt integer not null,
          lastUsedAt integer not null,
          expiresAt integer,
          agentSeq integer not null,
          seqReserved integer not null,
          seqPruned integer not null,
          statistics text not null check (json_valid(statistics)),
          sandbox text check (json_valid(sandbox)),
          config text not null check (json_valid(config))
        ) strict`,
        // A deleted session gives its name back at once, even while its rows are still being removed.
        `create unique index sessionName on session (tenant, name)
          where name is not null and state <> 'deleted'`,
        'create index sessionByAge on session (tenant, createdAt)',
        'create index sessionWithSandbox on session (sessionId) where sandbox is not null',

        `create table execution (
          position integer primary key,
          executionId text not null unique,
          sessionId text not null references session (sessionId) on delete cascade,
          requestId text,
          status text not null,
          timeoutMs integer not null,
          captureOutput integer not null,
          intermediateResults integer not null,
          interactive integer not null,
          truncated integer not null,
          queuedAt integer not null,
          startedAt integer,
          endedAt integer,
          durationMs real,
          usage text,
          storedBytes integer not null,
          seqFirst integer,
          seqLast integer,
          warnings text not null,
          error text,
          result text,
          stdin text,
          code text not null
        ) strict`,
        'create index executionOfSession on execution (sessionId)',

        // Each further index would cost every execution a page in the log; an execution knows where its events are
        // instead. With rows in order of arrival a new one seldom moves others, which it would in a table by session.
        `create table event (
          sessionId text not null references session (sessionId) on delete cascade,
          seq integer not null,
          executionId text,
          at integer not null,
          type text not null,
          message text not null,
          primary key (sessionId, seq)
        ) strict`,

        `create table idempotency (
          scope text not null,
          key text not null,
          requestHash text not null,
          claimedAt integer not null,
          runId text not null,
          reply text,
          primary key (scope, key)
        ) strict`,
        'create index idempotencyByAge on idempotency (claimedAt)',

        'create table fact (name text primary key, value text not null) strict, without rowid',
      );
    },
  },
  '0002-snapshots': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table session add column version integer',
        'alter table session add column versionLast integer not null default 0',
        // No reference to the session: a snapshot may be kept when its session is deleted.
        `create table snapshot (
          position integer primary key,
          snapshotId text not null unique,
          tenant text not null,
          sessionId text,
          version integer,
          parent integer,
          label text,
          reason text not null,
          language text not null,
          createdAt integer not null,
          sizeBytes integer not null,
          storedBytes integer not null,
          checksum text not null,
          unique (sessionId, version)
        ) strict`,
        'create index snapshotOfTenant on snapshot (tenant)',
      );
    },
  },
  '0003-many-sessions': {
    async up(database: Kysely<unknown>) {
      // An index that mentions `state` is written whenever that changes, twice for every execution: where it is about sessions
      // at work that would cost more than it gives. What stands below changes when a session starts, sleeps or goes.
      await run(
        database,
        'alter table session add column deleted integer not null default 0',
        "update session set deleted = 1 where state = 'deleted'",
        'drop index sessionName',
        `create unique index sessionName on session (tenant, name)
          where name is not null and deleted = 0`,
        'drop index sessionByAge',
        // All that a list is ordered, counted and filtered by: rows are read for the page that is shown, and no others.
        `create index sessionByAge on session (tenant, createdAt, position, language, name)
          where deleted = 0`,
        'drop index sessionWithSandbox',
        'create index sessionWithSandbox on session (tenant, createdAt) where sandbox is not null',
        `create index sessionToRecover on session (createdAt)
          where sandbox is null and state not in ('hibernated', 'failed')`,
        `create index sessionHibernated on session (tenant, createdAt)
          where deleted = 0 and state = 'hibernated'`,
        `create index sessionFailed on session (tenant, createdAt)
          where deleted = 0 and state = 'failed'`,

        // The labels in the sessions' configurations, to be found by.
        `create table sessionLabel (
          session integer not null references session (position) on delete cascade,
          tenant text not null,
          name text not null,
          value text not null,
          primary key (session, name)
        ) strict, without rowid`,
        'create index sessionByLabel on sessionLabel (tenant, name, value)',
        `insert into sessionLabel ${labelsOfSession}`,
        `create trigger sessionIsLabelled after insert on session begin
          insert into sessionLabel ${labelsOfSession} where session.position = new.position;
        end`,
        `create trigger sessionIsLabelledAnew after update of config on session begin
          delete from sessionLabel where session = new.position;
          insert into sessionLabel ${labelsOfSession} where session.position = new.position;
        end`,
      );
    },
  },
  '0004-expiry': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        `create index sessionExpiring on session (expiresAt)
          where expiresAt is not null and deleted = 0`,
      );
    },
  },
  '0005-unique-labels': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        // Where several versions had one label, the newest is the one that is meant.
        `update snapshot set label = null where label is not null and exists (
          select 1 from snapshot as newer where newer.sessionId = snapshot.sessionId
            and newer.label = snapshot.label and newer.version > snapshot.version)`,
        `create unique index snapshotLabel on snapshot (sessionId, label)
          where sessionId is not null and label is not null`,
      );
    },
  },
  '0006-imported-history': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table execution add column imported integer not null default 0',
        `create table importedOutput (
          executionId text primary key references execution (executionId) on delete cascade,
          output text not null check (json_valid(output))
        ) strict`,
      );
    },
  },
  '0007-whole-forks': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table session add column complete integer not null default 1',
        'create index sessionIncomplete on session (createdAt) where complete = 0',
      );
    },
  },
  '0008-request-effects': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table idempotency add column made text',
        // Of those that were cut off before, nobody knows.
        "update idempotency set made = '' where reply is null",
      );
    },
  },
  '0009-listed-sessions': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        // As before, with what a list is filtered by now.
        'drop index sessionByAge',
        `create index sessionByAge on session (tenant, createdAt, position, language, name, complete)
          where deleted = 0`,
        'drop index sessionHibernated',
        `create index sessionHibernated on session (tenant, createdAt, complete)
          where deleted = 0 and state = 'hibernated'`,
        'drop index sessionFailed',
        `create index sessionFailed on session (tenant, createdAt, complete)
          where deleted = 0 and state = 'failed'`,
      );
    },
  },
  '0010-tenants': {
    async up(database: Kysely<unknown>) {
      const isDeleted = `exists (select 1 from tenant
        where tenantId = new.tenant and deletedAt is not null)`;
      await run(
        database,
        `create table tenant (
          tenantId text primary key,
          displayName text,
          createdAt integer not null,
          deletedAt integer
        ) strict, without rowid`,
        // The one that every session so far belongs to.
        `insert into tenant select tenant, null, cast(unixepoch('subsec') * 1000 as integer), null from
          (select 'default' as tenant union select tenant from session union select tenant from snapshot)`,
        `create table apiKey (
          position integer primary key,
          keyId text not null unique,
          tenant text not null references tenant (tenantId),
          role text not null,
          name text,
          prefix text not null unique,
          secretHash text not null,
          createdAt integer not null,
          expiresAt integer,
          lastUsedAt integer,
          revokedAt integer,
          rotatedFrom text
        ) strict`,
        'create index apiKeyOfTenant on apiKey (tenant)',
        // A request that began before its tenant was deleted leaves nothing behind.
        ...['session', 'snapshot'].map(
          (table) => `create trigger ${table}OfDeletedTenant before insert on ${table}
            when ${isDeleted} begin select raise(abort, 'tenant is deleted'); end`,
        ),
      );
    },
  },
  '0011-audit': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        `create table audit (
          seq integer primary key,
          at integer not null,
          tenant text,
          keyId text,
          role text,
          address text not null,
          requestId text not null,
          action text not null,
          target text not null,
          made text,
          status integer not null,
          code text,
          previous text not null,
          hash text not null
        ) strict`,
        'create index auditByTime on audit (at, seq)',
        'create index auditOfTenant on audit (tenant, at, seq)',
        // Not a lock, a guard against slips: whoever can write the file can do so here too, and the chain shows it.
        `create trigger auditUnchanged before update on audit
          begin select raise(abort, 'the audit log does not change'); end`,
        `create trigger auditWhole before delete on audit
          when old.seq <> (select min(seq) from audit)
          begin select raise(abort, 'the audit log is removed from its beginning'); end`,
      );
    },
  },
  '0012-tenant-limits': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        "alter table tenant add column limits text not null default '{}' check (json_valid(limits))",
        "alter table tenant add column defaults text not null default '{}' check (json_valid(defaults))",
      );
    },
  },
  '0013-tenant-egress': {
    async up(database: Kysely<unknown>) {
      await run(
        database,
        'alter table tenant add column egressAllow text check (json_valid(egressAllow))',
      );
    },
  },
  ...laterMigrations,
};

export const migrationNames: readonly string[] = Object.keys(migrations);

export const migrationProvider: MigrationProvider = {
  getMigrations: async () => migrations,
};
