"""What every room may use: errors, results, quorum arithmetic, waiting, redaction, references, signing, time.

Standard library only; nothing here knows of AWS, etcd, notebooks or screens.
"""

from fleetkit.core._remembered import remember_secret
from fleetkit.core._secret_shapes import name_secrets
from fleetkit.core.clock import SYSTEM_CLOCK, Clock, format_duration, format_utc, parse_utc, utc_now
from fleetkit.core.data import data_folder
from fleetkit.core.errors import (
    ApprovalMissingError,
    AwsError,
    BusyError,
    ClusterFileError,
    EtcdError,
    FleetError,
    FleetkitError,
    NotFoundError,
    NoticeError,
    PreconditionError,
    QuorumAtRiskError,
    ServiceError,
    SettingsError,
    SshError,
    StalePlanError,
    StoppedError,
    TerraformError,
    TerraformStoppedError,
    VaultError,
    WaitTimeoutError,
    WorkflowError,
    on_one_line,
)
from fleetkit.core.quorum import (
    FAULT_TOLERANCE_TABLE,
    Quorum,
    QuorumState,
    judge_quorum,
    quorum_size,
    tolerated_failures,
)
from fleetkit.core.redaction import MASK, Redactor
from fleetkit.core.references import SecretReference, SecretScheme, parse_reference
from fleetkit.core.results import Results, call_each
from fleetkit.core.signing import (
    KeyScheme,
    Signer,
    VerifySignature,
    fingerprint_key,
    format_public_key,
    parse_public_key,
)
from fleetkit.core.sizes import format_bytes
from fleetkit.core.transience import is_transient
from fleetkit.core.user import current_user
from fleetkit.core.waiting import NotYet, Patience, wait_until

__all__ = [
    "FAULT_TOLERANCE_TABLE",
    "MASK",
    "SYSTEM_CLOCK",
    "ApprovalMissingError",
    "AwsError",
    "BusyError",
    "Clock",
    "ClusterFileError",
    "EtcdError",
    "FleetError",
    "FleetkitError",
    "KeyScheme",
    "NotFoundError",
    "NotYet",
    "NoticeError",
    "Patience",
    "PreconditionError",
    "Quorum",
    "QuorumAtRiskError",
    "QuorumState",
    "Redactor",
    "Results",
    "SecretReference",
    "SecretScheme",
    "ServiceError",
    "SettingsError",
    "Signer",
    "SshError",
    "StalePlanError",
    "StoppedError",
    "TerraformError",
    "TerraformStoppedError",
    "VaultError",
    "VerifySignature",
    "WaitTimeoutError",
    "WorkflowError",
    "call_each",
    "current_user",
    "data_folder",
    "fingerprint_key",
    "format_bytes",
    "format_duration",
    "format_public_key",
    "format_utc",
    "is_transient",
    "judge_quorum",
    "name_secrets",
    "on_one_line",
    "parse_public_key",
    "parse_reference",
    "parse_utc",
    "quorum_size",
    "remember_secret",
    "tolerated_failures",
    "utc_now",
    "wait_until",
]
