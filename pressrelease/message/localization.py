"""The few fixed words around a release, in the office's language, and dates in press style."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from pressrelease.release import ReleaseKind


@dataclass(frozen=True)
class Words:
    """One language's words. `tag` is the language that they are in (RFC 5646)."""

    tag: str
    release_lines: tuple[tuple[ReleaseKind, str], ...]
    kinds: tuple[tuple[ReleaseKind, str], ...]
    contact: str
    attachments: str
    online: str
    image: str
    skip: str
    all_releases: str
    newsroom: str
    published: str
    updated: str
    earlier: str
    later: str
    older: str
    feed: str
    none_yet: str
    office_site: str
    correction: str
    corrects: str
    corrected_on: str
    use_corrected: str
    withdrawal: str
    withdraws: str
    corrected_too: str
    corrected_headline: str
    withdrawn_on: str
    do_not_use: str
    page_withdrawn: str
    kind_of: str
    message_id: str
    embargoed_until: str
    advance_note: str
    advance_disclosure: str

    def release_line(self, kind: ReleaseKind) -> str:
        """Return the first line of a release of that kind, once everyone may read it."""
        return dict(self.release_lines)[kind]

    def kind(self, kind: ReleaseKind) -> str:
        """Return what a reader calls it."""
        return dict(self.kinds)[kind]


ENGLISH = Words(
    tag="en",
    release_lines=(
        (ReleaseKind.RELEASE, "FOR IMMEDIATE RELEASE"),
        (ReleaseKind.ADVISORY, "MEDIA ADVISORY – FOR IMMEDIATE RELEASE"),
        (ReleaseKind.STATEMENT, "STATEMENT – FOR IMMEDIATE RELEASE"),
    ),
    kinds=(
        (ReleaseKind.RELEASE, "Press release"),
        (ReleaseKind.ADVISORY, "Media advisory"),
        (ReleaseKind.STATEMENT, "Statement"),
    ),
    contact="Media contact",
    attachments="Attachments",
    online="Online",
    image="Image",
    skip="Skip to content",
    all_releases="All press releases",
    newsroom="Press releases",
    published="Released",
    updated="Updated",
    earlier="Earlier release",
    later="Later release",
    older="All releases from earlier years",
    feed="News feed (Atom)",
    none_yet="Nothing has been released yet.",
    office_site="Office home page",
    correction="CORRECTION",
    corrects='This corrects the release "{headline}" of {when}.',
    corrected_on="Correction, {day}: {note}",
    use_corrected="Use the corrected release below instead of any earlier version.",
    withdrawal="KILL",
    withdraws='On {day}, we withdrew the release "{headline}" of {when}.',
    corrected_too="This includes every corrected version.",
    corrected_headline='This includes the corrected version, "{headline}".',
    withdrawn_on="Withdrawn {day}.",
    do_not_use="Do not use the release. Remove it wherever you published it. Notify everyone you gave it to.",
    page_withdrawn="Press release withdrawn",
    kind_of="{kind} of {when}",
    message_id="Message-ID of the first mail: {id}",
    embargoed_until="EMBARGOED UNTIL {when}",
    advance_note="Advance copy. Do not publish, broadcast, post or pass it on before then.",
    advance_disclosure="Under public records law, giving you this copy may open it to everyone who asks for it.",
)

SPANISH = Words(
    tag="es",
    release_lines=(
        (ReleaseKind.RELEASE, "PARA PUBLICACIÓN INMEDIATA"),
        (ReleaseKind.ADVISORY, "AVISO A LOS MEDIOS – PARA PUBLICACIÓN INMEDIATA"),
        (ReleaseKind.STATEMENT, "DECLARACIÓN – PARA PUBLICACIÓN INMEDIATA"),
    ),
    kinds=(
        (ReleaseKind.RELEASE, "Comunicado de prensa"),
        (ReleaseKind.ADVISORY, "Aviso a los medios"),
        (ReleaseKind.STATEMENT, "Declaración"),
    ),
    contact="Contacto para la prensa",
    attachments="Archivos adjuntos",
    online="En línea",
    image="Imagen",
    skip="Saltar al contenido",
    all_releases="Todos los comunicados",
    newsroom="Comunicados de prensa",
    published="Publicado",
    updated="Actualizado",
    earlier="Comunicado anterior",
    later="Comunicado posterior",
    older="Todos los comunicados de años anteriores",
    feed="Canal de noticias (Atom)",
    none_yet="Todavía no se ha publicado nada.",
    office_site="Página de la oficina",
    correction="CORRECCIÓN",
    corrects='Este texto corrige el comunicado "{headline}", de {when}.',
    corrected_on="Corrección, {day}: {note}",
    use_corrected="Use el comunicado corregido, a continuación, en lugar de cualquier versión anterior.",
    withdrawal="ANULACIÓN",
    withdraws='El {day} retiramos el comunicado "{headline}", de {when}.',
    corrected_too="Esto incluye todas las versiones corregidas.",
    corrected_headline='Esto incluye la versión corregida, "{headline}".',
    withdrawn_on="Retirado: {day}.",
    do_not_use="No use el comunicado. Elimínelo de donde lo haya publicado. Avise a quienes se lo haya entregado.",
    page_withdrawn="Comunicado retirado",
    kind_of="{kind} de {when}",
    message_id="Message-ID del primer correo: {id}",
    embargoed_until="EMBARGADO HASTA {when}",
    advance_note="Copia anticipada. No la publique, difunda ni comparta antes de esa hora.",
    advance_disclosure="Según la ley de registros públicos, su entrega puede abrirla a quien la solicite.",
)


def words_in(language: str) -> Words:
    """Return the words for a language tag: Spanish for "es" and its variants, English for every other."""
    return SPANISH if language.lower().partition("-")[0] == "es" else ENGLISH


_EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: The AP's: March to July are never abbreviated.
_EN_MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_ES_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_ES_MONTHS = (
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
)


def zone_of(name: str) -> tzinfo:
    """Return an IANA zone by its name."""
    import zoneinfo

    return zoneinfo.ZoneInfo(name)


def day_words(moment: datetime, timezone: str, language: str) -> str:
    """Return the local day of an aware moment: "Monday, Sept. 24, 2018", "lunes, 24 de septiembre de 2018"."""
    local = moment.astimezone(zone_of(timezone))
    if words_in(language) is SPANISH:
        return f"{_ES_DAYS[local.weekday()]}, {local.day} de {_ES_MONTHS[local.month - 1]} de {local.year}"
    return f"{_EN_DAYS[local.weekday()]}, {_EN_MONTHS[local.month - 1]} {local.day}, {local.year}"


def moment_words(moment: datetime, timezone: str, language: str) -> str:
    """Return the local day, time and zone of an aware moment: "Monday, Sept. 24, 2018, 9 a.m. PDT"."""
    local = moment.astimezone(zone_of(timezone))
    zone = local.tzname() or ""
    if zone[:1] in {"+", "-"}:  # zones without an abbreviation of their own
        zone = f"UTC{zone}"
    if words_in(language) is SPANISH:
        return f"{day_words(moment, timezone, language)}, {local:%H:%M} {zone}"
    return f"{day_words(moment, timezone, language)}, {_clock_words(local)} {zone}"


def _clock_words(local: datetime) -> str:
    """Return "9 a.m.", "9:05 p.m.", "noon"; midnight as "12:00 a.m.", since "midnight" is read both ways."""
    if (local.hour, local.minute) == (12, 0):
        return "noon"
    hour, half = local.hour % 12 or 12, "a.m." if local.hour < 12 else "p.m."
    minutes = f":{local:%M}" if local.minute or local.hour == 0 else ""
    return f"{hour}{minutes} {half}"
