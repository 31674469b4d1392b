"""Types of RFC 1035 that nobody uses any more, and files may hold: MD, MF, MB, MG, MR and MINFO.

dnspython knows how they are called, and nothing of their values, which are names.
"""

import dns.rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.RP import RP
from dns.rdtypes.nsbase import NSBase

NAMES: dict[RdataType, type[dns.rdata.Rdata]] = {
    RdataType.MD: NSBase,
    RdataType.MF: NSBase,
    RdataType.MB: NSBase,
    RdataType.MG: NSBase,
    RdataType.MR: NSBase,
    RdataType.MINFO: RP,  # two names (section 3.3.7)
}


def known() -> None:
    """Let dnspython know them, as it lets itself be told; again makes no difference."""
    for rdtype, form in NAMES.items():
        form_now = dns.rdata.get_rdata_class(IN, rdtype)  # type: ignore[no-untyped-call]
        if form_now is dns.rdata.GenericRdata:
            dns.rdata.register_type(form, rdtype, rdtype.name)
