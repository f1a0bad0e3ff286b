-- What governance asks of its tables. Times come from whoever decides, so that one instant judges a whole act.

-- name: make_estate
INSERT INTO governance.estate (tenant_id, estate) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: hold_estate
SELECT estate.lineage FROM governance.estate WHERE estate.tenant_id = $1 AND estate.estate = $2 FOR UPDATE

-- name: estates
SELECT estate.estate FROM governance.estate WHERE estate.tenant_id = $1 ORDER BY estate.estate LIMIT 9

-- name: set_lineage
UPDATE governance.estate SET lineage = $3 WHERE tenant_id = $1 AND estate = $2 AND lineage IS NULL

-- name: insert_plan
INSERT INTO governance.plan (
    tenant_id, plan_id, estate, commit_id, base, hash, document, planfile, planfile_digest, tool, providers, counts,
    author, submitted_at, is_changing, addresses
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)

-- name: insert_verdicts
INSERT INTO governance.verdict (tenant_id, plan_id, number, control, subject, outcome, severity, reasons, waiver, until_at)
SELECT $1, $2, said.number, said.control, said.subject, said.outcome, said.severity, said.reasons::jsonb, said.waiver,
       said.until_at
FROM unnest($3::integer[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[])
    AS said (number, control, subject, outcome, severity, reasons, waiver, until_at)

-- name: insert_obligations
INSERT INTO governance.obligation (tenant_id, obligation_id, plan_id, hash, estate, control, subject, due_at)
SELECT $1, said.obligation_id, $2, $3, $4, said.control, said.subject, said.due_at
FROM unnest($5::text[], $6::text[], $7::text[], $8::timestamptz[]) AS said (obligation_id, control, subject, due_at)

-- name: supersede
UPDATE governance.plan SET status = 'superseded' WHERE tenant_id = $1 AND estate = $2 AND status = 'submitted'
RETURNING plan_id

-- name: drop_obligations
UPDATE governance.obligation SET ended_at = $3, ending = 'dropped'
WHERE tenant_id = $1 AND plan_id = $2 AND ended_at IS NULL

-- name: move_plan
UPDATE governance.plan SET status = $4 WHERE tenant_id = $1 AND plan_id = $2 AND status = $3 RETURNING plan_id

-- name: plan
SELECT plan.plan_id, plan.estate, plan.commit_id, plan.base, plan.hash, plan.planfile_digest, plan.tool, plan.providers,
       plan.counts, plan.author, plan.submitted_at, plan.status
FROM governance.plan WHERE plan.tenant_id = $1 AND plan.plan_id = $2

-- name: submitted_plan
SELECT plan.plan_id, plan.estate, plan.commit_id, plan.base, plan.hash, plan.planfile_digest, plan.tool, plan.providers,
       plan.counts, plan.author, plan.submitted_at, plan.status
FROM governance.plan WHERE plan.tenant_id = $1 AND plan.estate = $2 AND plan.status = 'submitted'

-- name: plans
SELECT plan.plan_id, plan.estate, plan.commit_id, plan.base, plan.hash, plan.planfile_digest, plan.tool, plan.providers,
       plan.counts, plan.author, plan.submitted_at, plan.status
FROM governance.plan
WHERE plan.tenant_id = $1 AND plan.plan_id < $2 AND ($4::text IS NULL OR plan.estate = $4)
      AND ($5::text IS NULL OR plan.status = $5)
ORDER BY plan.plan_id DESC
LIMIT $3

-- name: document
SELECT plan.document FROM governance.plan WHERE plan.tenant_id = $1 AND plan.plan_id = $2

-- name: planfile
SELECT plan.planfile FROM governance.plan WHERE plan.tenant_id = $1 AND plan.plan_id = $2

-- name: is_changing
SELECT plan.is_changing FROM governance.plan WHERE plan.tenant_id = $1 AND plan.plan_id = $2

-- name: last_applied
-- The commit of the last plan that was applied to an estate.
SELECT plan.commit_id FROM governance.plan
WHERE plan.tenant_id = $1 AND plan.estate = $2 AND plan.status = 'applied'
ORDER BY plan.plan_id DESC
LIMIT 1

-- name: was_applied
-- Whether a commit was applied with every rule looked at: what a broken glass let pass over some opens nothing further on.
SELECT EXISTS (
    SELECT FROM governance.plan
    JOIN governance.apply ON apply.tenant_id = $1 AND apply.plan_id = plan.plan_id
    WHERE plan.tenant_id = $1 AND plan.estate = $2 AND plan.commit_id = $3 AND plan.status = 'applied'
          AND apply.status = 'applied' AND apply.passed_over = '{}'
)

-- name: verdicts
SELECT verdict.number, verdict.control, verdict.subject, verdict.outcome, verdict.severity, verdict.reasons, verdict.waiver,
       verdict.until_at
FROM governance.verdict
WHERE verdict.tenant_id = $1 AND verdict.plan_id = $2 AND verdict.number > $3
      AND ($5::text IS NULL OR verdict.outcome = $5)
ORDER BY verdict.number
LIMIT $4

-- name: tally
-- Verdicts by severity and outcome; what is waived no longer counts as failing.
SELECT judged.severity, judged.outcome, count(1) AS many
FROM (
    SELECT verdict.severity,
           CASE WHEN verdict.until_at <= $3 OR waiver.ended_at <= $3 THEN 'fail' ELSE verdict.outcome END AS outcome
    FROM governance.verdict
    LEFT JOIN governance.waiver ON waiver.tenant_id = $1 AND waiver.waiver_id = verdict.waiver
    WHERE verdict.tenant_id = $1 AND verdict.plan_id = $2
) AS judged
GROUP BY judged.severity, judged.outcome

-- name: declared_waived
-- What leans on a waiver that is declared with the code, and was given by nobody at the door.
SELECT verdict.control, verdict.subject, verdict.severity
FROM governance.verdict
WHERE verdict.tenant_id = $1 AND verdict.plan_id = $2 AND verdict.outcome = 'waived' AND verdict.waiver IS NULL

-- name: approve
INSERT INTO governance.approval (tenant_id, plan_id, approver, author, hash, approved_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, plan_id, approver) DO UPDATE SET approved_at = excluded.approved_at, withdrawn_at = NULL
    WHERE approval.withdrawn_at IS NOT NULL
RETURNING approver

-- name: withdraw_approval
UPDATE governance.approval SET withdrawn_at = $4
WHERE tenant_id = $1 AND plan_id = $2 AND approver = $3 AND withdrawn_at IS NULL
RETURNING approver

-- name: approvals
SELECT approval.plan_id, approval.approver, approval.approved_at FROM governance.approval
WHERE approval.tenant_id = $1 AND approval.plan_id = ANY ($2::text[]) AND approval.withdrawn_at IS NULL
ORDER BY approval.approver

-- name: insert_apply
INSERT INTO governance.apply (
    tenant_id, apply_id, plan_id, estate, token_hash, begun_by, begun_at, until_at, break_glass_id, passed_over
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: apply
SELECT apply.apply_id, apply.plan_id, apply.estate, apply.token_hash, apply.begun_by, apply.begun_at, apply.until_at,
       apply.passed_over, apply.status, apply.lock_id, apply.ended_at, apply.serial,
       apply.credential_lease, apply.break_glass_id
FROM governance.apply WHERE apply.tenant_id = $1 AND apply.apply_id = $2

-- name: running_apply
SELECT apply.apply_id, apply.plan_id, apply.estate, apply.token_hash, apply.begun_by, apply.begun_at, apply.until_at,
       apply.passed_over, apply.status, apply.lock_id, apply.ended_at, apply.serial,
       apply.credential_lease, apply.break_glass_id
FROM governance.apply WHERE apply.tenant_id = $1 AND apply.estate = $2 AND apply.status = 'running'

-- name: last_apply_of_plan
SELECT apply.apply_id, apply.plan_id, apply.estate, apply.token_hash, apply.begun_by, apply.begun_at, apply.until_at,
       apply.passed_over, apply.status, apply.lock_id, apply.ended_at, apply.serial,
       apply.credential_lease, apply.break_glass_id
FROM governance.apply WHERE apply.tenant_id = $1 AND apply.plan_id = $2
ORDER BY apply.apply_id DESC
LIMIT 1

-- name: extend_apply
UPDATE governance.apply SET until_at = $3 WHERE tenant_id = $1 AND apply_id = $2 AND status = 'running'

-- name: keep_lease
UPDATE governance.apply SET credential_lease = $3, credential_until = $4
WHERE tenant_id = $1 AND apply_id = $2 AND status = 'running'
RETURNING apply_id

-- name: lock_apply
UPDATE governance.apply SET lock_id = $3, until_at = $4 WHERE tenant_id = $1 AND apply_id = $2 AND status = 'running'

-- name: end_apply
UPDATE governance.apply SET status = $3, ended_at = $4, serial = $5, problem = $6, lock_id = NULL
WHERE tenant_id = $1 AND apply_id = $2 AND status = 'running'
RETURNING apply_id

-- name: expired_applies
SELECT apply.estate FROM governance.apply
WHERE apply.tenant_id = $1 AND apply.status = 'running' AND apply.until_at < $2
ORDER BY apply.estate
LIMIT 9

-- name: insert_state
INSERT INTO governance.state (tenant_id, estate, serial, lineage, content, digest, apply_id, written_at, origin)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: state_at
SELECT state.serial, state.lineage, state.content FROM governance.state
WHERE state.tenant_id = $1 AND state.estate = $2 AND state.serial = $3

-- name: last_end
-- How the last apply of an estate ended.
SELECT apply.status FROM governance.apply
WHERE apply.tenant_id = $1 AND apply.estate = $2
ORDER BY apply.apply_id DESC
LIMIT 1

-- name: last_state
SELECT state.serial, state.lineage, state.digest, state.apply_id FROM governance.state
WHERE state.tenant_id = $1 AND state.estate = $2
ORDER BY state.serial DESC
LIMIT 1

-- name: last_state_whole
SELECT state.serial, state.lineage, state.digest, state.content FROM governance.state
WHERE state.tenant_id = $1 AND state.estate = $2
ORDER BY state.serial DESC
LIMIT 1

-- name: insert_glass
INSERT INTO governance.break_glass (tenant_id, break_glass_id, estate, reason, broken_by, broken_at, until_at, review_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: glass
SELECT glass.break_glass_id, glass.estate, glass.reason, glass.broken_by, glass.broken_at, glass.until_at, glass.review_by,
       glass.reviewed_by, glass.reviewed_at, glass.opinion
FROM governance.break_glass AS glass WHERE glass.tenant_id = $1 AND glass.break_glass_id = $2

-- name: glasses
SELECT glass.break_glass_id, glass.estate, glass.reason, glass.broken_by, glass.broken_at, glass.until_at, glass.review_by,
       glass.reviewed_by, glass.reviewed_at, glass.opinion
FROM governance.break_glass AS glass
WHERE glass.tenant_id = $1 AND glass.break_glass_id < $2 AND ($4::text IS NULL OR glass.estate = $4)
      AND (NOT $5::boolean OR glass.reviewed_at IS NULL)
ORDER BY glass.break_glass_id DESC
LIMIT $3

-- name: has_missed_review
SELECT EXISTS (
    SELECT FROM governance.break_glass AS glass
    WHERE glass.tenant_id = $1 AND glass.estate = $2 AND glass.reviewed_at IS NULL AND glass.review_by < $3
)

-- name: has_unreviewed
SELECT EXISTS (
    SELECT FROM governance.break_glass AS glass
    WHERE glass.tenant_id = $1 AND glass.estate = $2 AND glass.reviewed_at IS NULL
)

-- name: running_under
-- Until when an apply runs that a broken glass began; none when none does.
SELECT apply.until_at FROM governance.apply
WHERE apply.tenant_id = $1 AND apply.break_glass_id = $2 AND apply.status = 'running'

-- name: review_glass
UPDATE governance.break_glass SET reviewed_by = $3, reviewed_at = $4, opinion = $5, review_reason = $6
WHERE tenant_id = $1 AND break_glass_id = $2 AND reviewed_at IS NULL
RETURNING break_glass_id

-- name: miss_reviews
UPDATE governance.break_glass SET missed_at = $2
WHERE tenant_id = $1 AND reviewed_at IS NULL AND missed_at IS NULL AND review_by < $2
RETURNING break_glass_id, estate

-- name: insert_waiver
INSERT INTO governance.waiver (tenant_id, waiver_id, estate, control, subject, reason, decision, given_by, given_at, until_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: waiver
SELECT waiver.waiver_id, waiver.estate, waiver.control, waiver.subject, waiver.reason, waiver.decision, waiver.given_by,
       waiver.given_at, waiver.until_at, waiver.ended_at
FROM governance.waiver WHERE waiver.tenant_id = $1 AND waiver.waiver_id = $2

-- name: waivers
SELECT waiver.waiver_id, waiver.estate, waiver.control, waiver.subject, waiver.reason, waiver.decision, waiver.given_by,
       waiver.given_at, waiver.until_at, waiver.ended_at
FROM governance.waiver
WHERE waiver.tenant_id = $1 AND waiver.waiver_id < $2 AND ($4::text IS NULL OR waiver.estate = $4)
ORDER BY waiver.waiver_id DESC
LIMIT $3

-- name: waivers_in_force
SELECT waiver.waiver_id, waiver.estate, waiver.control, waiver.subject, waiver.reason, waiver.decision, waiver.given_by,
       waiver.given_at, waiver.until_at, waiver.ended_at
FROM governance.waiver
WHERE waiver.tenant_id = $1 AND waiver.estate = $2 AND waiver.ended_at IS NULL AND waiver.until_at > $3
ORDER BY waiver.waiver_id
LIMIT $4

-- name: end_waiver
UPDATE governance.waiver SET ended_at = $3 WHERE tenant_id = $1 AND waiver_id = $2 AND ended_at IS NULL RETURNING waiver_id

-- name: overdue
-- How many obligations of an estate were not seen in time, or were seen broken; one whose failure is waived does not count.
SELECT count(1) FROM governance.obligation
WHERE obligation.tenant_id = $1 AND obligation.estate = $2
      AND (obligation.ending = 'broken' OR obligation.ended_at IS NULL AND obligation.due_at < $3)
      AND NOT EXISTS (
          SELECT FROM governance.waiver
          WHERE waiver.tenant_id = $1 AND waiver.estate = $2 AND waiver.control = obligation.control
                AND waiver.subject = obligation.subject AND waiver.ended_at IS NULL AND waiver.until_at > $3
      )

-- name: obligations
SELECT obligation.obligation_id, obligation.plan_id, obligation.hash, obligation.estate, obligation.control,
       obligation.subject, obligation.due_at, obligation.ended_at, obligation.ending, obligation.report_id
FROM governance.obligation
WHERE obligation.tenant_id = $1 AND obligation.obligation_id > $2 AND ($4::text IS NULL OR obligation.estate = $4)
      AND ($5::text IS NULL OR coalesce(
          obligation.ending, CASE WHEN obligation.due_at < $6 THEN 'overdue' ELSE 'open' END
      ) = $5)
ORDER BY obligation.obligation_id
LIMIT $3

-- name: miss_obligations
UPDATE governance.obligation SET missed_at = $2
WHERE tenant_id = $1 AND ended_at IS NULL AND missed_at IS NULL AND due_at < $2
RETURNING obligation_id, estate, control

-- name: owing
-- The plans of an estate that something is owed or broken of, with who made and who applied each.
SELECT DISTINCT plan.plan_id, plan.author, apply.begun_by
FROM governance.obligation
JOIN governance.plan ON plan.tenant_id = $1 AND plan.plan_id = obligation.plan_id
JOIN governance.apply ON apply.tenant_id = $1 AND apply.plan_id = obligation.plan_id
WHERE obligation.tenant_id = $1 AND obligation.estate = $2
      AND (obligation.ended_at IS NULL OR obligation.ending = 'broken')
ORDER BY plan.plan_id
LIMIT $3

-- name: end_obligations
-- What was seen live after a plan was applied ends what that plan owed. Broken is no end: what is seen later answers it anew.
-- What is not applicable lets go only what the plan that was applied last, a newer one, no longer has. Who made or applied a
-- plan ($9 has the others) finds it broken and never met.
UPDATE governance.obligation SET ended_at = $3, ending = said.ending, report_id = $4
FROM unnest($5::text[], $6::text[], $7::text[]) AS said (control, subject, ending), governance.apply
WHERE obligation.tenant_id = $1 AND obligation.estate = $2
      AND obligation.control = said.control AND obligation.subject = said.subject
      AND apply.tenant_id = $1 AND apply.plan_id = obligation.plan_id AND apply.ended_at <= $8
      AND (said.ending = 'broken' OR obligation.plan_id = ANY ($9::text[]))
      AND (obligation.ended_at IS NULL OR obligation.ending = 'broken' AND $8 > (
          SELECT report.observed_at FROM governance.live_report AS report
          WHERE report.tenant_id = $1 AND report.report_id = obligation.report_id
      ))
      AND (said.ending <> 'dropped' OR EXISTS (
          SELECT FROM governance.plan AS newer
          JOIN governance.apply AS made ON made.tenant_id = $1 AND made.plan_id = newer.plan_id
          WHERE newer.tenant_id = $1 AND newer.plan_id = (
                    SELECT max(plan.plan_id) FROM governance.plan
                    WHERE plan.tenant_id = $1 AND plan.estate = $2 AND plan.status = 'applied'
                )
                AND newer.plan_id > obligation.plan_id AND NOT obligation.subject = ANY (newer.addresses)
                AND made.status = 'applied' AND made.ended_at <= $8
      ))
RETURNING obligation.obligation_id, obligation.ending

-- name: insert_report
INSERT INTO governance.live_report (tenant_id, report_id, estate, observed_at, reported_at, reported_by, digest, content)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: insert_event
INSERT INTO governance.event (tenant_id, recorded_at, actor, tag, done_on, estate, outcome, content, is_sealing)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: events
SELECT event.number, event.recorded_at, event.actor, event.tag, event.done_on, event.estate, event.outcome, event.content
FROM governance.event
WHERE event.tenant_id = $1 AND event.number > $2 AND ($4::text IS NULL OR event.estate = $4)
ORDER BY event.number
LIMIT $3

-- name: late_tenants
SELECT tenant_id FROM governance.late_v1($1, $2)
