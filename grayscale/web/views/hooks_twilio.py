from flask import Blueprint

bp = Blueprint("hooks_twilio", __name__)
