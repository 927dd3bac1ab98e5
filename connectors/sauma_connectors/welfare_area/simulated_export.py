"""How the simulated area's systems write their resources: ids, tags, marks, and one file a resource."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sauma.content import Content, PlanItem
from sauma.fact import Moment
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.contents import (
    RESOURCE_OF,
    Envelope,
    coded,
    kind_of,
    person_reference,
    resource_of,
)
from sauma_connectors.welfare_area.terms import PERSON, Register, Terms
from sauma_connectors.welfare_area.validator import as_json, read, render
from sauma_connectors.welfare_area.wire import Coding, Extension, Identifier, Reference, Resource


class Export:
    """One register's side of the export folder."""

    def __init__(self, root: Path, register: Register, source: str | None) -> None:
        self.root = root
        self.side = register
        self._source = source

    @property
    def terms(self) -> Terms:
        """The area's URLs."""
        return self.side.terms

    # --- files

    def write(self, resource: Resource) -> str:
        """Write a resource of this register; answers with its key."""
        path = self.root / folder.EXPORT / resource.resource_type / f"{resource.id}.json"
        folder.save(self.root, path, render(resource))
        return f"{resource.resource_type}/{resource.id}"

    def resource(self, key: str) -> Resource:
        """A resource of the export by its key; raises what reading raises."""
        return read((self.root / folder.EXPORT / f"{key}.json").read_bytes())

    def set_status(self, key: str, status: str, at: Moment) -> str:
        """Give a resource another status."""
        resource = self.resource(key)
        name = "lifecycle_status" if isinstance(resource, wire.Goal) else "status"
        return self.write(resource.model_copy(update={name: status, "meta": self._changed(resource, at)}))

    def meta(self, at: Moment, security: Sequence[Coding] = ()) -> wire.Meta:
        """The meta of a resource of this register."""
        tag = Coding(system=self.side.system, code="1")
        return wire.Meta(last_updated=text_of(at), source=self._source, security=list(security), tag=[tag])

    def _changed(self, resource: Resource, at: Moment) -> wire.Meta:
        return resource.meta.model_copy(update={"last_updated": text_of(at)})

    # --- patients

    def patient(self, hetu: str, at: Moment) -> wire.Patient:
        """The client's resource; a new one, not yet written, under the next running number, where there is none."""
        numbers = [0]
        for file in folder.files(self.root, folder.EXPORT, "Patient"):
            resource = read(folder.load(file))
            if not isinstance(resource, wire.Patient) or not resource.id.startswith(f"{self.side.name}-client-"):
                continue
            if any(i.system == PERSON and i.value == hetu for i in resource.identifier):
                return resource
            numbers.append(int(resource.id.rpartition("-")[2]))
        number = max(numbers) + 1
        return wire.Patient(
            id=f"{self.side.name}-client-{number}",
            meta=self.meta(at),
            identifier=[Identifier(system=PERSON, value=hetu)],
        )

    def change_patient(self, hetu: str, at: Moment, *, security: list[Coding] | None = None, **elements: Any) -> str:
        """Change elements of the client's resource."""
        before = self.patient(hetu, at)
        labels = before.meta.security if security is None else security
        return self.write(before.model_copy(update={**elements, "meta": self.meta(at, labels)}))

    def row_id(self, hetu: str, what: str, at: Moment, row: str | None) -> str:
        """The id of a row: as given, or of the act, the client's running number and the time."""
        if row is not None:
            return row.rpartition("/")[2]
        patient = self.patient(hetu, at)
        self.write(patient)
        return f"{self.side.name}-{what}-{patient.id.rpartition('-')[2]}-{at}"

    # --- facts

    def marks(self, necessary_for: Iterable[str], at: Moment, *, affects: bool = False) -> list[Extension]:
        """A professional's decisions, made now."""
        recorded = Extension(url="recorded", value_instant=text_of(at))
        found = [
            Extension(
                url=self.terms.extension("necessary-for"), extension=[Extension(url="role", value_code=role), recorded]
            )
            for role in necessary_for
        ]
        if affects:
            found.append(Extension(url=self.terms.extension("affects-employment"), value_instant=text_of(at)))
        return found

    def _marks_of(self, key: str) -> list[Extension]:
        """The marks that a row has already; none for a new one."""
        if not (self.root / folder.EXPORT / f"{key}.json").exists():
            return []
        urls = [self.terms.extension(name) for name in ("necessary-for", "affects-employment")]
        return [e for e in self.resource(key).extension if e.url in urls]

    def record(
        self,
        hetu: str,
        content: Content,
        at: Moment,
        *,
        necessary_for: Iterable[str] | None = None,
        affects: bool = False,
        handling: str = "ordinary",
        plan_id: str | None = None,
        period: tuple[Moment | None, Moment | None] = (None, None),
        adopts: str | None = None,
        proposes: tuple[str, int] | None = None,
        performer: str | None = None,
        row: str | None = None,
    ) -> str:
        """Write a resource with this content; the same row again is written over."""
        kind = kind_of(content)
        is_request = RESOURCE_OF[kind] == "ServiceRequest"
        identifier = self.row_id(hetu, "proposal" if proposes else kind, at, row)
        key = f"{RESOURCE_OF[kind]}/{identifier}"
        keeps_marks = necessary_for is None and not affects
        extension = self._marks_of(key) if keeps_marks else self.marks(necessary_for or (), at, affects=affects)
        plan = None if plan_id is None else self.by_identifier("shared-plan", plan_id)
        if plan is not None and not is_request:
            extension.append(Extension(url=self.terms.extension("plan"), value_reference=plan))
        if proposes is not None:
            fact = Extension(url="fact", value_string=proposes[0])
            version = Extension(url="version", value_positive_int=proposes[1])
            extension.append(Extension(url=self.terms.extension("proposes-change-to"), extension=[fact, version]))
        labels = [] if handling == "ordinary" else [Coding(system=self.terms.codes("handling"), code=handling)]
        about = Envelope(
            id=identifier,
            person=hetu,
            meta=self.meta(at, labels),
            extension=tuple(extension),
            intent="proposal" if proposes else "plan" if performer is None else "order",
            based_on=(plan,) if plan is not None and is_request else (),
            replaces=() if adopts is None else (self.by_identifier("shared-fact", adopts),),
        )
        resource = resource_of(content, about, self.terms)
        if isinstance(resource, wire.ServiceRequest):
            resource = self._completed(resource, period, performer)
        return self.write(resource)

    def changed_item(self, row: str, content: PlanItem, at: Moment) -> wire.ServiceRequest:
        """An own plan item with other content; all else stays."""
        before = self.resource(row)
        if not isinstance(before, wire.ServiceRequest):
            raise TypeError("a plan item is a ServiceRequest")
        about = Envelope(id=before.id, person="", meta=before.meta)
        content_only = resource_of(content, about, self.terms)
        names = ("code", "reason_code", "location_code")
        update: dict[str, Any] = {name: getattr(content_only, name) for name in names}
        repeat = before.occurrence_timing.repeat if before.occurrence_timing else None
        update["occurrence_timing"] = wire.Timing(code=wire.CodeableConcept(text=content.schedule), repeat=repeat)
        return before.model_copy(update={**update, "meta": self._changed(before, at)})

    def _completed(
        self, resource: wire.ServiceRequest, period: tuple[Moment | None, Moment | None], performer: str | None
    ) -> wire.ServiceRequest:
        update: dict[str, Any] = {}
        if performer is not None:
            update["performer_type"] = coded(self.terms.codes("partner"), performer)
        if period != (None, None):
            start, end = (None if moment is None else text_of(moment) for moment in period)
            repeat = wire.Repeat(bounds_period=wire.Period(start=start, end=end))
            timing = resource.occurrence_timing or wire.Timing()
            update["occurrence_timing"] = timing.model_copy(update={"repeat": repeat})
        return resource.model_copy(update=update)

    # --- tasks and consents

    def by_identifier(self, system: str, value: str) -> Reference:
        """A reference by an identifier of the area's own."""
        return Reference(identifier=Identifier(system=self.terms.identifiers(system), value=value))

    def task_input(self, name: str, **value: Any) -> wire.TaskInput:
        """One input of a task."""
        return wire.TaskInput(type=coded(self.terms.codes("task-input"), name), **value)

    def task(
        self,
        hetu: str,
        code: str,
        step: str | None,
        at: Moment,
        *,
        name: str | None = None,
        answered: wire.ServiceRequest | None = None,
        **elements: Any,
    ) -> str:
        """A step that was taken, each in a task of its own."""
        contained: list[dict[str, Any]] = []
        output: list[wire.TaskOutput] = []
        labels: list[Coding] = []
        if answered is not None:
            labels = answered.meta.security
            # FHIR allows no labels and no time of change in what is contained: the task's own stand for them.
            contained = [as_json(answered.model_copy(update={"meta": wire.Meta()}))]
            to_item = Reference(reference=f"#{answered.id}")
            output = [wire.TaskOutput(type=coded(self.terms.codes("task-input"), "item"), value_reference=to_item)]
        focus = elements.get("focus")
        about = focus.identifier.value if isinstance(focus, Reference) and focus.identifier else None
        # Several facts may be confirmed or answered at one moment: each has its own task.
        suffix = "" if about is None else f"-{blake2b(about.encode(), digest_size=4).hexdigest()}"
        return self.write(
            wire.Task(
                id=self.row_id(hetu, f"{name or step or code}{suffix}", at, None),
                meta=self.meta(at, labels),
                **{"status": "completed", **elements},
                intent="order",
                code=coded(self.terms.codes("joint-task"), code),
                business_status=None if step is None else coded(self.terms.codes("step"), step),
                for_=person_reference(hetu),
                contained=contained,
                output=output,
            )
        )

    def consent_resource(
        self,
        hetu: str,
        kind: str,
        recipients: Sequence[str],
        at: Moment,
        *,
        kinds: Sequence[str] = (),
        categories: Sequence[int] = (),
        facts: Sequence[str] = (),
        rows: Sequence[str] = (),
        evidence: str | None = None,
        read_at: Moment | None = None,
        age_ms_max: int | None = None,
        row: str | None = None,
    ) -> str:
        """A will of the client."""
        terms = self.terms
        age = (
            []
            if age_ms_max is None
            else [wire.Duration(value=age_ms_max, system="http://unitsofmeasure.org", code="ms")]
        )
        actor_role = coded("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
        named = [*(self.by_identifier("shared-fact", f) for f in facts), *(Reference(reference=r) for r in rows)]
        provision = wire.Provision(
            type="deny" if kind == "luovutuskielto" else "permit",
            actor=[wire.Actor(role=actor_role, reference=self.by_identifier("partner", name)) for name in recipients],
            class_=[
                *(Coding(system=terms.codes("joint-kind"), code=name) for name in kinds),
                *(Coding(system=terms.codes("category"), code=str(number)) for number in categories),
            ],
            data=[wire.ConsentData(meaning="instance", reference=reference) for reference in named],
        )
        archive = None if evidence is None else Identifier(system=terms.identifiers("archive"), value=evidence)
        return self.write(
            wire.Consent(
                id=self.row_id(hetu, kind, at, row),
                meta=self.meta(at),
                extension=[Extension(url=terms.extension("age-max"), value_duration=a) for a in age],
                status="active",
                scope=coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
                category=[coded(terms.codes("will"), kind)],
                patient=person_reference(hetu),
                date_time=text_of(at if read_at is None else read_at),
                source_reference=None if archive is None else Reference(identifier=archive),
                policy_rule=coded("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN"),
                provision=provision,
            )
        )
